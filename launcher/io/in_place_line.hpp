#pragma once

#include <functional>
#include <string>
#include <utility>

namespace prun::io {

// One line at a person's terminal that is renewed in place. Owned by whoever writes all else there,
// who clears it before anything else comes; bytes go out through `write`, in order with the rest. One
// thread; its end leaves nothing on the screen.
class InPlaceLine {
 public:
  using Write = std::function<void(std::string bytes)>;

  explicit InPlaceLine(Write write) : write_(std::move(write)) {}
  ~InPlaceLine() { clear(); }
  InPlaceLine(const InPlaceLine&) = delete;
  InPlaceLine& operator=(const InPlaceLine&) = delete;

  // "prun: TEXT".
  void show(const std::string& text) {
    write_("\r\033[Kprun: " + text);
    shown_ = true;
  }
  void clear() {
    if (std::exchange(shown_, false)) write_("\r\033[K");
  }

 private:
  Write write_;
  bool shown_ = false;
};

}  // namespace prun::io
