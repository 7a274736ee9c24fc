#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace prun::job {

// A host that has not come as far as others, and what it is doing (doing_words).
struct AwaitedHost {
  std::string name;
  std::string_view doing;
};

// "waiting for rpi2, rpi3 (ssh login), rpi4 (its agent), 5 s", cut to so many columns.
std::string status_text(const std::vector<AwaitedHost>& hosts, std::chrono::seconds since,
                        std::size_t columns);

// What a person at a terminal sees of a start that takes long: one line, renewed in place. Owned by
// the job, one thread; its end leaves nothing on the screen. Times are given to it.
class StatusLine {
 public:
  using Duration = std::chrono::steady_clock::duration;

  // `fd` below 0: nobody looks.
  explicit StatusLine(int fd) : fd_(fd) {}
  ~StatusLine() { clear(); }
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;

  // How long until show() has something new to say.
  static Duration next_look(Duration since_begin);
  void show(const std::vector<AwaitedHost>& hosts, Duration since_begin);
  // Before anything else is written to the terminal.
  void clear();

 private:
  int fd_;
  bool shown_ = false;
};

}  // namespace prun::job
