#pragma once

#include <mutex>
#include <optional>
#include <queue>
#include <string>
#include <thread>

#include "descriptor.hpp"

namespace wall {

// The lines of standard input, read by a thread of its own, so that nobody waits for them. At its
// end there are simply no more.
class TerminalInput {
 public:
  TerminalInput();
  ~TerminalInput();
  TerminalInput(const TerminalInput&) = delete;
  TerminalInput& operator=(const TerminalInput&) = delete;

  std::optional<std::string> next();

 private:
  void read_all();

  std::mutex guard_;
  std::queue<std::string> lines_;
  Descriptor stop_;
  std::thread reader_;
};

}  // namespace wall
