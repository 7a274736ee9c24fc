#include "launcher/agent/keeper.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>

#include "launcher/agent/process_tree.hpp"

namespace prun::agent {
namespace {

constexpr int own_failure = 125;

// Waits for the end of the child and hands on the order to leave. `signals` are blocked in this process.
int wait_for_end(pid_t child, const sigset_t& signals) {
  for (;;) {
    int status = 0;
    const pid_t pid = ::waitpid(-1, &status, WNOHANG);
    if (pid == child) return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (pid > 0) continue;
    if (pid < 0 && errno == ECHILD) return own_failure;
    if (::sigwaitinfo(&signals, nullptr) == SIGTERM) ::kill(child, SIGTERM);
  }
}

// Nothing in the child; the parent answers when the child and all below it have ended.
std::optional<int> divide(system::Leftovers& leftovers) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGCHLD);
  sigaddset(&signals, SIGTERM);
  sigset_t before;
  ::sigprocmask(SIG_BLOCK, &signals, &before);
  adopt_orphans();

  const pid_t keeper = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) return own_failure;
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != keeper) ::_exit(own_failure);
    sigaddset(&before, SIGTERM);
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    adopt_orphans();
    return std::nullopt;
  }
  // The channel is the agent's alone: its end must be the end of the channel.
  ::close(STDIN_FILENO);
  ::close(STDOUT_FILENO);
  const int status = wait_for_end(child, signals);
  end_descendants_children_last();
  leftovers.clear();
  return status;
}

}  // namespace

std::optional<int> keep_agent(system::Leftovers& leftovers) {
  if (const auto status = divide(leftovers)) return status;
  return divide(leftovers);
}

void allow_termination() {
  sigset_t termination;
  sigemptyset(&termination);
  sigaddset(&termination, SIGTERM);
  ::sigprocmask(SIG_UNBLOCK, &termination, nullptr);
}

void leave_to_keeper(const char* why) {
  std::fputs(why, stderr);
  std::fputs("\n", stderr);
  ::_exit(own_failure);
}

}  // namespace prun::agent
