#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <csignal>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "launcher/system/descriptor.hpp"
#include "runtime/core/result.hpp"

namespace prun::system {

// How a child process begins. The three descriptors become its standard ones; nothing else but
// keep_fds are inherited. It leads a process group of its own,
// or with a terminal a session, with every signal at its default.
struct SpawnRequest {
  std::string path;                      // the file executed
  std::vector<std::string> arguments;    // [0] is what the program sees as its name
  std::vector<std::string> environment;  // all of it, NAME=VALUE
  std::string directory;                 // empty: the parent's
  int stdin_fd = -1;
  int stdout_fd = -1;
  int stderr_fd = -1;
  bool has_terminal = false;               // stdin_fd is a terminal, and becomes its own
  std::vector<int> keep_fds;               // stay open under their own numbers; above 2
  int death_signal = SIGKILL;              // sent to the child when the calling THREAD dies
  std::optional<rlimit> descriptor_limit;  // none: the parent's
  std::vector<int> processors;             // it may run on; empty: the parent's
};

// Starts the child and returns when it executes its program; the Failure says in words why it could
// not. Blocks for as long as the kernel takes to execute a file.
core::Result<pid_t> spawn(const SpawnRequest& request);

// What a child has to say about its start once that is decided.
class StartReport {
 public:
  StartReport() = default;
  StartReport(Descriptor pipe, const SpawnRequest& request)
      : pipe_(std::move(pipe)), path_(request.path), directory_(request.directory) {}

  // Blocks until it executes its program, or has ended because it cannot: a Failure. Where no child was
  // begun there is nothing to wait for.
  core::Status wait();

 private:
  Descriptor pipe_;
  std::string path_;
  std::string directory_;
};

// The same without the wait: where several begin at once each would have to come to its turn on a
// processor before the next is begun.
struct Begun {
  pid_t pid = 0;
  StartReport report;
};
core::Result<Begun> begin(const SpawnRequest& request);

// Whether the kernel would execute this file, asked by doing it: the child is stopped before its
// first instruction and killed. 0 or the error number; -1 where the kernel does not let us ask.
// This knows what no look at the file can: foreign processors behind binfmt_misc, mounts without
// exec, loaders that are missing.
int try_execute(const std::string& path);

}  // namespace prun::system
