#include "launcher/agent/agent_main.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <asio/io_context.hpp>

#include <csignal>
#include <cstdio>
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include "launcher/agent/agent.hpp"
#include "launcher/agent/arrival.hpp"
#include "launcher/agent/host_facts.hpp"
#include "launcher/agent/keeper.hpp"
#include "launcher/agent/process_tree.hpp"
#include "launcher/system/descriptor.hpp"

namespace prun::agent {
namespace {

bool is_stream(int fd) {
  struct stat info {};
  return ::fstat(fd, &info) == 0 && (S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode));
}

void ignore(int number) {
  struct sigaction action {};
  action.sa_handler = SIG_IGN;
  ::sigaction(number, &action, nullptr);
}

// The channel moves out of the way of the ranks' standard descriptors.
system::Descriptor move_away(int fd) {
  system::Descriptor moved(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
  const system::Descriptor nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (nothing) ::dup2(nothing.get(), fd);
  return moved;
}

}  // namespace

int agent_main(int argc, char** argv) {
  const std::vector<std::string> words(argv, argv + argc);
  const bool local = words == std::vector<std::string>{"--local"};
  if (!is_stream(0) || !is_stream(1)) {
    std::fputs(
        "prun: 'prun agent' is what prun starts on each host; there is no use in starting it by "
        "hand\n",
        stderr);
    return 125;
  }
  // A terminal's keys are for the launcher, which tells us what to do. SIGCHLD must not be ignored,
  // or exit statuses are lost; whoever started us may have left it so.
  for (const int number : {SIGINT, SIGHUP, SIGQUIT, SIGTSTP, SIGTTOU, SIGTTIN, SIGPIPE})
    ignore(number);
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  ::sigaction(SIGCHLD, &action, nullptr);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const auto leftovers = system::Leftovers::make();
  const bool arrived = words.size() == 3 && words[0] == "--arrived";
  if (arrived) note_arrival(words[2], *leftovers);
  if (const auto status = keep_agent(*leftovers)) return *status;

  // Not taken down when memory ends: that might need some.
  std::optional<asio::io_context> io;
  std::unique_ptr<Agent> agent;
  try {
    if (arrived) {
      const auto settled = settle(words[1], words[2]);
      if (!settled.ok()) {
        std::printf("\nprun-unsent %s\n", settled.failure().text.c_str());
        return 125;
      }
    }
    io.emplace(1);
    system::Descriptor in = move_away(0);
    system::Descriptor out = move_away(1);
    agent = std::make_unique<Agent>(*io, std::move(in), std::move(out), describe_host(local),
                                    *leftovers);
    agent->run();
    return 0;
  } catch (const std::bad_alloc&) {
    leave_to_keeper("its agent has run out of memory");
  } catch (const std::exception& error) {
    leave_to_keeper(error.what());
  }
}

}  // namespace prun::agent
