#pragma once

namespace prun::io {

// Wakes a thread out of poll(). Any thread may wake; the descriptor is readable from then until
// drain().
class WakeEvent {
 public:
  WakeEvent();  // throws std::system_error when the system has no descriptor left
  ~WakeEvent();
  WakeEvent(const WakeEvent&) = delete;
  WakeEvent& operator=(const WakeEvent&) = delete;

  int descriptor() const noexcept { return descriptor_; }
  void wake() noexcept;
  void drain() noexcept;

 private:
  int descriptor_;
};

// Keeps every signal of the process away from the calling thread but the one given (0: none);
// handlers of prun run on its main thread, and a write or read that fails tells so by errno.
void block_signals_here(int except) noexcept;

}  // namespace prun::io
