#pragma once

#include <sys/types.h>

#include <cstdint>

namespace prun::agent {

// Whether somebody waits for something to come out of a pipe.
enum class Waiting : std::uint8_t { no, yes, unknown };

// Asks the kernel (/proc/PID/syscall) whether the process, or one below it, stands in a read of the
// pipe that `descriptor` is an end of, or in a poll, select or epoll that looks at it. unknown:
// the kernel does not say.
Waiting waiting_reader(pid_t root, int descriptor);

}  // namespace prun::agent
