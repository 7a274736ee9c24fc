#pragma once

#include <string>

#include "launcher/ssh/standard_pipes.hpp"
#include "launcher/system/descriptor.hpp"
#include "runtime/core/result.hpp"

namespace prun::ssh {

// A session on a login that OpenSSH's master keeps, asked for where `ssh` would ask: at its socket. That
// spares a process for each host, and most of the time of a second start. The master carries what goes
// through the pipes; when `control` is closed it ends the session.
struct MasterSession {
  system::Descriptor control;  // the master's answers, for MuxReplies; non-blocking
  StandardPipes::Ends ends;
};

// Asks the master at that socket to run `command` for the login shell of its host. Never blocks. A
// Failure means that no master takes it there: ssh knows what to do then.
core::Result<MasterSession> ask_master(const std::string& socket, const std::string& command);

}  // namespace prun::ssh
