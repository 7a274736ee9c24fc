#include "launcher/ssh/line_child.hpp"

#include <sys/wait.h>
#include <unistd.h>
#include <asio/buffer.hpp>
#include <asio/post.hpp>

#include <cerrno>
#include <csignal>
#include <utility>

#include "launcher/ssh/child_process.hpp"

namespace prun::ssh {
namespace {

constexpr std::size_t most_words = 64 * 1024;
constexpr std::size_t longest_line = 16 * 1024;

// Between the end of the child and the end of its pipes, in either order: a process it has left
// behind may hold one.
constexpr std::chrono::milliseconds patience{500};

}  // namespace

LineChild::LineChild(asio::io_context& io)
    : io_(io), in_(io), out_(io), err_(io), children_(io), limit_(io), patience_(io) {}

LineChild::~LineChild() {
  kill();
}

void LineChild::start(const std::vector<std::string>& arguments, std::chrono::milliseconds limit,
                      OnLine on_line, OnEnd on_end) {
  on_line_ = std::move(on_line);
  on_end_ = std::move(on_end);
  asio::error_code ignored;
  children_.add(SIGCHLD, ignored);  // before there is a child whose end could be missed
  auto child = start_child(arguments, SIGKILL, std::nullopt);
  if (!child.ok()) {
    end_.not_started = child.failure().text;
    asio::post(io_, [this] { check_over(true); });
    return;
  }
  pid_ = child.value().pid;
  in_.assign(child.value().ends.in.release(), ignored);
  out_.assign(child.value().ends.out.release(), ignored);
  err_.assign(child.value().ends.err.release(), ignored);
  in_.non_blocking(true, ignored);
  limit_.expires_after(limit);
  limit_.async_wait([this](asio::error_code error) {
    if (error) return;
    end_.overdue = true;
    kill();
  });
  watch_child();
  read_lines();
  read_words();
}

void LineChild::send(std::string_view text) {
  if (!in_.is_open()) return;
  asio::error_code ignored;
  in_.write_some(asio::buffer(text.data(), text.size()), ignored);
}

void LineChild::close_input() {
  asio::error_code ignored;
  in_.close(ignored);
}

void LineChild::kill() {
  // The group: ssh may have a ProxyCommand of the user's at work.
  if (pid_ > 0 && !exited_) ::kill(-pid_, SIGKILL);
}

void LineChild::read_lines() {
  out_.async_read_some(asio::buffer(out_buffer_), [this](asio::error_code error, std::size_t got) {
    if (told_) return;
    if (error) {
      asio::error_code ignored;
      out_.close(ignored);
      check_over(false);
      return;
    }
    take(std::string_view(out_buffer_.data(), got));
    read_lines();
  });
}

void LineChild::read_words() {
  err_.async_read_some(asio::buffer(err_buffer_), [this](asio::error_code error, std::size_t got) {
    if (told_) return;
    if (error) {
      asio::error_code ignored;
      err_.close(ignored);
      check_over(false);
      return;
    }
    if (end_.words.size() < most_words) end_.words.append(err_buffer_.data(), got);
    read_words();
  });
}

void LineChild::take(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    line_ += bytes.substr(0, end);
    const bool is_whole = end != std::string_view::npos;
    bytes = is_whole ? bytes.substr(end + 1) : std::string_view();
    if (!is_whole && line_.size() <= longest_line) return;
    on_line_(std::exchange(line_, {}));
  }
}

void LineChild::watch_child() {
  reap();
  if (exited_) return;
  children_.async_wait([this](asio::error_code error, int) {
    if (!error) watch_child();
  });
}

void LineChild::reap() {
  int status = 0;
  const pid_t reaped = ::waitpid(pid_, &status, WNOHANG);
  if (reaped != pid_) return;
  exited_ = true;
  end_.wait_status = status;
  limit_.cancel();
  check_over(false);
}

void LineChild::check_over(bool for_certain) {
  if (told_) return;
  if (!for_certain) {
    if (exited_ && !out_.is_open() && !err_.is_open()) {
      for_certain = true;
    } else if (exited_) {
      patience_.expires_after(patience);
      patience_.async_wait([this](asio::error_code error) {
        if (!error) check_over(true);
      });
    }
  }
  if (!for_certain) return;
  told_ = true;
  asio::error_code ignored;
  limit_.cancel();
  patience_.cancel();
  children_.cancel(ignored);
  in_.close(ignored);
  out_.close(ignored);
  err_.close(ignored);
  if (!line_.empty()) on_line_(std::exchange(line_, {}));
  on_end_(end_);
}

}  // namespace prun::ssh
