#include "launcher/ssh/child_process.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "launcher/system/environment.hpp"
#include "launcher/system/search_path.hpp"

namespace prun::ssh {

core::Result<ChildProcess> start_child(const std::vector<std::string>& arguments, int death_signal,
                                       const std::optional<rlimit>& descriptor_limit) {
  system::SpawnRequest request;
  request.environment = system::own_environment();
  request.path = arguments.front();
  if (request.path.find('/') == std::string::npos) {
    request.path = system::search_path(request.environment, ".", arguments.front());
    if (request.path.empty()) {
      return core::Failure{Errc::resource,
                           arguments.front() + " is not installed here: no folder of PATH has it"};
    }
  }
  request.arguments = arguments;
  request.death_signal = death_signal;
  request.descriptor_limit = descriptor_limit;

  int pipes[3][2];
  system::Descriptor ends[3][2];
  for (int i = 0; i < 3; ++i) {
    if (::pipe2(pipes[i], O_CLOEXEC) != 0) {
      return core::Failure{Errc::resource,
                           "cannot make a pipe: " + std::generic_category().message(errno)};
    }
    ends[i][0].reset(pipes[i][0]);
    ends[i][1].reset(pipes[i][1]);
  }
  request.stdin_fd = ends[0][0].get();
  request.stdout_fd = ends[1][1].get();
  request.stderr_fd = ends[2][1].get();
  auto begun = system::begin(request);
  if (!begun.ok()) return begun.failure();

  ChildProcess child;
  child.pid = begun.value().pid;
  child.report = std::move(begun.value().report);
  child.in = std::move(ends[0][1]);
  child.out = std::move(ends[1][0]);
  child.err = std::move(ends[2][0]);
  return child;
}

}  // namespace prun::ssh
