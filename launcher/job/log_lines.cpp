#include "launcher/job/log_lines.hpp"

#include <spdlog/details/os.h>

#include <cstdio>
#include <utility>

namespace prun::job {
namespace {

constexpr const char* green = "\033[32m";
constexpr const char* plain = "\033[m";

}  // namespace

LogLines::LogLines(Write write)
    : write_(std::move(write)),
      in_colour_(spdlog::details::os::in_terminal(stderr) &&
                 spdlog::details::os::is_color_terminal()) {}

void LogLines::sink_it_(const spdlog::details::log_msg& message) {
  spdlog::memory_buf_t bytes;
  formatter_->format(message, bytes);
  std::string line(bytes.data(), bytes.size());
  if (in_colour_ && message.color_range_start < message.color_range_end) {
    line.insert(message.color_range_end, plain);
    line.insert(message.color_range_start, green);
  }
  while (!line.empty() && line.back() == '\n') line.pop_back();
  write_(line);
}

}  // namespace prun::job
