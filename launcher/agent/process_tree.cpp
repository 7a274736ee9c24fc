#include "launcher/agent/process_tree.hpp"

#include <dirent.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "launcher/system/files.hpp"

namespace prun::agent {
namespace {

// A process in the middle of a disk access cannot die; nobody should wait for it without end.
constexpr std::chrono::seconds longest_death{5};

struct Process {
  pid_t pid;
  pid_t parent;
};

std::optional<Process> read_process(const char* name) {
  pid_t pid = 0;
  const char* end = name + std::strlen(name);
  if (std::from_chars(name, end, pid).ptr != end) return std::nullopt;
  const std::string line = system::read_file(std::string("/proc/") + name + "/stat");
  // "pid (name) state parent ...": the name may hold anything, brackets and line feeds too.
  const std::size_t bracket = line.rfind(')');
  if (bracket == std::string::npos || line.size() < bracket + 5) return std::nullopt;
  Process process{pid, 0};
  std::from_chars(line.data() + bracket + 4, line.data() + line.size(), process.parent);
  return process;
}

std::vector<Process> all_processes() {
  std::vector<Process> all;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir("/proc"), ::closedir);
  if (!folder) return all;
  while (const dirent* entry = ::readdir(folder.get())) {
    if (const auto process = read_process(entry->d_name)) all.push_back(*process);
  }
  return all;
}

// `mark` begins a line of /proc/PID/status that is a set of signals.
bool is_in_set(const std::string& status, std::string_view mark, int number) {
  const auto at = status.find(mark);
  if (at == std::string::npos) return false;
  const auto set = std::strtoull(status.c_str() + at + mark.size(), nullptr, 16);
  return (set >> (number - 1) & 1U) != 0;
}

std::string status_of(pid_t pid) {
  return system::read_file("/proc/" + std::to_string(pid) + "/status");
}

bool handles(pid_t pid, int number) {
  return is_in_set(status_of(pid), "\nSigCgt:", number);
}

// A shell has a handler of its own for INT whether or not its script has set a trap.
bool is_shell(pid_t pid) {
  std::array<char, 512> path{};
  const auto link = "/proc/" + std::to_string(pid) + "/exe";
  const ssize_t length = ::readlink(link.c_str(), path.data(), path.size());
  if (length <= 0) return false;
  const auto program = system::name_of(std::string(path.data(), static_cast<std::size_t>(length)));
  constexpr std::array<std::string_view, 8> shells{"sh",      "bash", "dash", "ash",
                                                   "busybox", "ksh",  "mksh", "zsh"};
  return std::find(shells.begin(), shells.end(), program) != shells.end();
}

// Whether the process would do something of its own at that signal that it would not do at TERM.
bool listens_to(pid_t pid, int number) {
  return handles(pid, number) && !(is_shell(pid) && handles(pid, SIGTERM));
}

// CONT so that stopped ones hear it too.
void send(pid_t pid, int number) {
  ::kill(pid, number);
  if (number != SIGKILL) ::kill(pid, SIGCONT);
}

}  // namespace

bool survives(pid_t pid, int number) {
  const std::string status = status_of(pid);
  return is_in_set(status, "\nSigCgt:", number) || is_in_set(status, "\nSigBlk:", number);
}

void adopt_orphans() {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
}

std::vector<pid_t> descendants(pid_t root) {
  const auto all = all_processes();
  std::vector<pid_t> found;
  std::vector<pid_t> parents{root};
  while (!parents.empty()) {
    const pid_t parent = parents.back();
    parents.pop_back();
    for (const auto& process : all) {
      if (process.parent != parent) continue;
      found.push_back(process.pid);
      parents.push_back(process.pid);
    }
  }
  return found;
}

void signal_descendants(int number) {
  for (const pid_t pid : descendants(::getpid())) send(pid, number);
}

void ask_descendants_to_end(int number) {
  for (const pid_t pid : descendants(::getpid()))
    send(pid, listens_to(pid, number) ? number : SIGTERM);
}

void insist_that_descendants_end(int number) {
  for (const pid_t pid : descendants(::getpid())) {
    if (listens_to(pid, number)) send(pid, SIGTERM);
  }
}

namespace {

// Kills in rounds, because a process may have forked between the look and the blow.
void end_all(void (*blow)()) {
  const auto deadline = std::chrono::steady_clock::now() + longest_death;
  std::chrono::milliseconds pause{1};
  for (;;) {
    pid_t pid = 0;
    while ((pid = ::waitpid(-1, nullptr, WNOHANG)) > 0 || (pid < 0 && errno == EINTR)) {
    }
    if (pid < 0) return;  // no child is left, so nothing below is
    blow();
    if (std::chrono::steady_clock::now() > deadline) return;
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, std::chrono::milliseconds(50));
  }
}

}  // namespace

void end_descendants() {
  end_all([] { signal_descendants(SIGKILL); });
}

void end_descendants_children_last() {
  end_all([] {
    std::vector<pid_t> children;
    for (const auto& process : all_processes()) {
      if (process.parent == ::getpid()) children.push_back(process.pid);
    }
    for (const pid_t child : children) {
      for (const pid_t pid : descendants(child)) send(pid, SIGKILL);
    }
    for (const pid_t child : children) send(child, SIGKILL);
  });
}

}  // namespace prun::agent
