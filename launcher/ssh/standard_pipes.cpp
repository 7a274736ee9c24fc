#include "launcher/ssh/standard_pipes.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace prun::ssh {
namespace {

bool make_pipe(system::Descriptor& reader, system::Descriptor& writer) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return false;
  reader.reset(ends[0]);
  writer.reset(ends[1]);
  return true;
}

}  // namespace

core::Result<StandardPipes> StandardPipes::make() {
  StandardPipes pipes;
  if (make_pipe(pipes.theirs.in, pipes.ours.in) && make_pipe(pipes.ours.out, pipes.theirs.out) &&
      make_pipe(pipes.ours.err, pipes.theirs.err)) {
    return pipes;
  }
  return core::Failure{Errc::resource,
                       "cannot make a pipe: " + std::generic_category().message(errno)};
}

}  // namespace prun::ssh
