#include "child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <system_error>
#include <utility>

namespace wall {
namespace {

// What is kept of a program's words: enough for a message and a few lines of its reasons.
constexpr std::size_t kept_lines = 8;
constexpr std::size_t longest_line = 300;

[[noreturn]] void fail(int error, const std::string& what) {
  throw std::system_error(error, std::generic_category(), what);
}

// Zero, or the error of the start.
int spawn(const std::vector<std::string>& command, int output, int kept, pid_t& pid) {
  std::vector<char*> words;
  words.reserve(command.size() + 1);
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);

  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&files);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&files, output, STDERR_FILENO);
  // To the same number: the only effect is that it is not closed.
  posix_spawn_file_actions_adddup2(&files, kept, kept);
  sigset_t signals;
  sigfillset(&signals);
  posix_spawnattr_setsigdefault(&attributes, &signals);
  sigemptyset(&signals);
  posix_spawnattr_setsigmask(&attributes, &signals);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  const int error = posix_spawnp(&pid, words.front(), &files, &attributes, words.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  return error;
}

void listen(const Descriptor& output, int stop, LastLines& words) {
  std::array<char, 4096> bytes;
  for (;;) {
    std::array<pollfd, 2> events{pollfd{output.get(), POLLIN, 0}, pollfd{stop, POLLIN, 0}};
    if (poll(events.data(), events.size(), -1) < 0 && errno != EINTR) return;
    if (events[0].revents != 0) {
      const ssize_t got = read(output.get(), bytes.data(), bytes.size());
      if (got == 0 || (got < 0 && errno != EINTR)) return;
      if (got > 0) words.add({bytes.data(), static_cast<std::size_t>(got)});
    } else if (events[1].revents != 0) {
      return;
    }
  }
}

}  // namespace

void LastLines::add(std::string_view bytes) {
  const std::lock_guard lock(guard_);
  for (const char c : bytes) {
    if (c == '\n' || c == '\r') {
      end_line();
    } else if (static_cast<unsigned char>(c) >= 0x20 && line_.size() < longest_line) {
      line_ += c;
    }
  }
}

std::string LastLines::text() {
  const std::lock_guard lock(guard_);
  end_line();
  std::string text;
  for (const std::string& line : lines_) text += line + '\n';
  return text;
}

void LastLines::end_line() {
  if (line_.empty()) return;
  lines_.push_back(std::move(line_));
  line_.clear();
  if (lines_.size() > kept_lines) lines_.pop_front();
}

ChildProcess::ChildProcess(const std::vector<std::string>& command, int kept)
    : stop_listening_(eventfd(0, EFD_CLOEXEC)) {
  std::array<int, 2> ends{};
  if (stop_listening_.get() < 0 || pipe2(ends.data(), O_CLOEXEC) != 0) fail(errno, "pipe");
  Descriptor output(ends[0]);
  const Descriptor input(ends[1]);
  if (const int error = spawn(command, input.get(), kept, pid_); error != 0) {
    fail(error, command.front() + " could not be started");
  }
  ended_ = Descriptor(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
  listener_ = std::thread(
      [this, output = std::move(output)] { listen(output, stop_listening_.get(), words_); });
}

ChildProcess::~ChildProcess() {
  if (!ended_within(1000)) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  const std::uint64_t once = 1;
  if (write(stop_listening_.get(), &once, sizeof once) == sizeof once) listener_.join();
}

bool ChildProcess::running() {
  return !ended_within(0);
}

bool ChildProcess::ended_within(int milliseconds) {
  if (status_) return true;
  // Kernels older than 5.3 have no such descriptor: then nothing waits.
  pollfd end{ended_.get(), POLLIN, 0};
  if (milliseconds > 0 && ended_.get() >= 0) poll(&end, 1, milliseconds);
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) == pid_) status_ = status;
  return status_.has_value();
}

std::string ChildProcess::ending() const {
  const int status = status_.value_or(0);
  if (WIFEXITED(status)) return "exited with status " + std::to_string(WEXITSTATUS(status));
  const int signal = WTERMSIG(status);
  return "was killed by signal " + std::to_string(signal) + " (" + strsignal(signal) + ")";
}

}  // namespace wall
