#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/io/in_place_line.hpp"

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
// the job, one thread. Times are given to it.
class StatusLine {
 public:
  using Duration = std::chrono::steady_clock::duration;

  // nullptr: nobody looks.
  explicit StatusLine(io::InPlaceLine* line) : line_(line) {}

  // How long until show() has something new to say.
  static Duration next_look(Duration since_begin);
  void show(const std::vector<AwaitedHost>& hosts, Duration since_begin);
  void clear();

 private:
  io::InPlaceLine* line_;
  bool shown_ = false;
};

}  // namespace prun::job
