#pragma once

#include <sys/types.h>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>

#include <array>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace prun::ssh {

// How a child with lines has ended.
struct LineChildEnd {
  std::string not_started;  // why; empty: it was
  int wait_status = 0;
  bool overdue = false;  // its time was over and it was killed
  std::string words;     // its standard error, the beginning of it
};

// A child of ours, such as an ssh, that is asked and answers by lines. Owned by whoever asks and
// must outlive the io_context's work; one thread. Destroying it kills the child.
class LineChild {
 public:
  using OnLine = std::function<void(std::string_view line)>;  // without its end
  using OnEnd = std::function<void(const LineChildEnd& end)>;

  explicit LineChild(asio::io_context& io);
  ~LineChild();
  LineChild(const LineChild&) = delete;
  LineChild& operator=(const LineChild&) = delete;

  // on_end comes exactly once, from the event loop, and nothing after it.
  void start(const std::vector<std::string>& arguments, std::chrono::milliseconds limit,
             OnLine on_line, OnEnd on_end);
  // A few bytes for its standard input. What a child that has left does not take is lost.
  void send(std::string_view text);
  void close_input();
  void kill();

 private:
  void read_lines();
  void read_words();
  void take(std::string_view bytes);
  void watch_child();
  void reap();
  void check_over(bool for_certain);

  asio::io_context& io_;
  asio::posix::stream_descriptor in_;
  asio::posix::stream_descriptor out_;
  asio::posix::stream_descriptor err_;
  asio::signal_set children_;
  asio::steady_timer limit_;
  asio::steady_timer patience_;
  std::array<char, 4096> out_buffer_{};
  std::array<char, 4096> err_buffer_{};
  std::string line_;  // that is not complete yet
  pid_t pid_ = 0;
  bool exited_ = false;
  bool told_ = false;
  LineChildEnd end_;
  OnLine on_line_;
  OnEnd on_end_;
};

}  // namespace prun::ssh
