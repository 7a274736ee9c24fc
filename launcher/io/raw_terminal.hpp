#pragma once

#include <termios.h>

#include <cstdint>
#include <optional>

namespace prun::io {

struct WindowSize {
  std::uint16_t rows;
  std::uint16_t columns;
};

// Of the terminal that prun is at: the first of its standard descriptors that is one.
std::optional<WindowSize> window_size();

// The user's terminal while a rank has one of its own (--tty): what is typed goes there unseen and
// undigested, and the rank's terminal does what the user's would have done. Owned by the job, one
// thread. Its end puts everything back; only a KILL cannot.
class RawTerminal {
 public:
  RawTerminal() = default;
  ~RawTerminal() { restore(); }
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;

  // Nothing happens where the descriptor is no terminal, or prun is in the background.
  void take(int descriptor);
  void restore();

 private:
  int descriptor_ = -1;
  termios before_{};
};

}  // namespace prun::io
