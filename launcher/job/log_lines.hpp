#pragma once

#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>

#include <functional>
#include <string>

namespace prun::job {

// Where the log goes: line by line, and each without its line feed, to `write`, which brings it
// between the lines of the ranks. What the pattern marks is in colour at a terminal. One thread.
class LogLines : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  using Write = std::function<void(const std::string& line)>;

  explicit LogLines(Write write);

 private:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override {}

  Write write_;
  bool in_colour_;
};

}  // namespace prun::job
