#pragma once

#include <sys/types.h>

#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "descriptor.hpp"

namespace wall {

// The last lines of a stream of bytes. A carriage return ends a line too: that is how players
// rewrite their status line. Any thread.
class LastLines {
 public:
  void add(std::string_view bytes);
  std::string text();

 private:
  void end_line();

  std::mutex guard_;
  std::deque<std::string> lines_;
  std::string line_;
};

// A program running beside this one, which keeps its last words. It has no input, and signals as a
// fresh program has them. The destructor waits a second for its end, then kills it: by then it should
// have been told to end.
class ChildProcess {
 public:
  // `kept` is a descriptor that the program gets under the same number. Throws std::system_error.
  ChildProcess(const std::vector<std::string>& command, int kept);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  bool running();
  // How it ended: "exited with status 3", "was killed by signal 9 (Killed)"; it must have ended.
  std::string ending() const;
  std::string last_words() { return words_.text(); }

 private:
  bool ended_within(int milliseconds);

  pid_t pid_ = -1;
  Descriptor ended_;  // readable when it has ended
  std::optional<int> status_;
  LastLines words_;
  std::thread listener_;  // to its output, until the last who has it has ended
  Descriptor stop_listening_;
};

}  // namespace wall
