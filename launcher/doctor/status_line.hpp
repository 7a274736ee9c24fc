#pragma once

#include <string>
#include <vector>

namespace prun::doctor {

// One line on a terminal that says what is being waited for; taken away when it is destroyed. Where
// standard error is no terminal it writes nothing. One thread.
class StatusLine {
 public:
  StatusLine();
  ~StatusLine();
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;

  // In place of what it said before; cut at the edge of the terminal.
  void say(const std::string& text);

 private:
  bool is_terminal_;
  bool shown_ = false;
};

// "rpi1, rpi2, rpi3 and 5 more".
std::string some_of(const std::vector<std::string>& names);

}  // namespace prun::doctor
