#include "player.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <stdexcept>
#include <system_error>

namespace {

// What is kept of a player's words: enough for a message and a few lines of its reasons.
constexpr std::size_t kept_lines = 8;
constexpr std::size_t longest_line = 300;

// A descriptor that is closed when its owner goes.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int get() const { return number_; }
  void close() {
    if (number_ >= 0) ::close(number_);
    number_ = -1;
  }

 private:
  int number_;
};

// The last lines of a stream of bytes. A carriage return ends a line too: that is how players
// rewrite their status line.
class LastLines {
 public:
  void add(std::string_view bytes) {
    for (const char c : bytes) {
      if (c == '\n' || c == '\r') {
        end_line();
      } else if (static_cast<unsigned char>(c) >= 0x20 && line_.size() < longest_line) {
        line_ += c;
      }
    }
  }
  std::string text() {
    end_line();
    std::string text;
    for (const std::string& line : lines_) text += line + '\n';
    return text;
  }

 private:
  void end_line() {
    if (line_.empty()) return;
    lines_.push_back(std::move(line_));
    line_.clear();
    if (lines_.size() > kept_lines) lines_.pop_front();
  }

  std::deque<std::string> lines_;
  std::string line_;
};

[[noreturn]] void fail(int error, const char* what) {
  throw std::system_error(error, std::generic_category(), what);
}

// Starts the player with its output going to `output`. Zero, or the error of the start.
int start(const std::vector<std::string>& command, int output, pid_t& pid) {
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
  // Signals as in a fresh program, whatever this one ignores.
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

// Waits for the player and takes in its words meanwhile. Gives its wait status.
int follow(pid_t pid, int output, LastLines& words) {
  int status = 0;
  bool ended = false;
  std::array<char, 4096> bytes;
  for (;;) {
    // As a rule the end of the output is the end of the player. One that leaves a child behind with
    // the output in its hands is noticed by its own end, hence the time limit.
    constexpr int look_again_ms = 250;
    pollfd readable{output, POLLIN, 0};
    const int ready = poll(&readable, 1, ended ? 0 : look_again_ms);
    if (ready < 0 && errno != EINTR) fail(errno, "poll");
    if (ready > 0) {
      const ssize_t got = read(output, bytes.data(), bytes.size());
      if (got < 0 && errno != EINTR) fail(errno, "read the player's output");
      if (got == 0) break;
      if (got > 0) words.add({bytes.data(), static_cast<std::size_t>(got)});
    } else if (ended) {
      return status;
    }
    if (!ended) ended = waitpid(pid, &status, WNOHANG) == pid;
  }
  while (!ended) {
    if (waitpid(pid, &status, 0) == pid) {
      ended = true;
    } else if (errno != EINTR) {
      fail(errno, "wait for the player");
    }
  }
  return status;
}

}  // namespace

std::vector<std::string> split_words(std::string_view line) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = '\0';
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote == '\0' && (c == ' ' || c == '\t')) {
      if (in_word) words.push_back(std::move(word));
      word.clear();
      in_word = false;
      continue;
    }
    in_word = true;
    if (c == quote) {
      quote = '\0';
    } else if (quote == '\0' && (c == '\'' || c == '"')) {
      quote = c;
    } else if (c == '\\' && quote != '\'' && i + 1 < line.size()) {
      word += line[++i];
    } else {
      word += c;
    }
  }
  if (quote != '\0') {
    throw std::invalid_argument("'" + std::string(line) + "' has a quote that is not closed");
  }
  if (in_word) words.push_back(std::move(word));
  if (words.empty() || words.front().empty()) {
    throw std::invalid_argument("there is no program in it");
  }
  return words;
}

bool can_start(const std::string& program) {
  if (program.find('/') != std::string::npos) return access(program.c_str(), X_OK) == 0;
  const char* path = std::getenv("PATH");
  std::string_view folders = path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin";
  for (;;) {
    const std::size_t colon = folders.find(':');
    const std::string_view folder = folders.substr(0, colon);
    std::string candidate(folder.empty() ? "." : folder);
    candidate.append("/").append(program);
    if (access(candidate.c_str(), X_OK) == 0) return true;
    if (colon == std::string_view::npos) return false;
    folders.remove_prefix(colon + 1);
  }
}

std::optional<PlayerFailure> play(const std::vector<std::string>& command) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) fail(errno, "pipe");
  Descriptor output(ends[0]);
  Descriptor input(ends[1]);

  pid_t pid = 0;
  if (const int error = start(command, input.get(), pid); error != 0) {
    return PlayerFailure{error == ENOENT ? 127 : 126,
                         "could not be started: " + std::generic_category().message(error), ""};
  }
  input.close();

  LastLines words;
  const int status = follow(pid, output.get(), words);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return std::nullopt;
  if (WIFEXITED(status)) {
    return PlayerFailure{WEXITSTATUS(status),
                         "exited with status " + std::to_string(WEXITSTATUS(status)), words.text()};
  }
  const int signal = WTERMSIG(status);
  return PlayerFailure{
      128 + signal,
      "was killed by signal " + std::to_string(signal) + " (" + strsignal(signal) + ")",
      words.text()};
}
