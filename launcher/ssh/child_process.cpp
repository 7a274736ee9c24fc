#include "launcher/ssh/child_process.hpp"

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

  auto pipes = StandardPipes::make();
  if (!pipes.ok()) return pipes.failure();
  const auto& theirs = pipes.value().theirs;
  request.stdin_fd = theirs.in.get();
  request.stdout_fd = theirs.out.get();
  request.stderr_fd = theirs.err.get();
  auto begun = system::begin(request);
  if (!begun.ok()) return begun.failure();

  ChildProcess child;
  child.pid = begun.value().pid;
  child.report = std::move(begun.value().report);
  child.ends = std::move(pipes.value().ours);
  return child;
}

}  // namespace prun::ssh
