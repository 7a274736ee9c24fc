#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "launcher/stage/agent_binary.hpp"

// What the login shell of a host is to run, and what that prints before it becomes an agent.
namespace prun::ssh {

// The host's shell runs our words, and the agent it will start ("\nprun-shell /x/agent-12\n").
inline constexpr std::string_view shell_marker = "\nprun-shell ";
// No such agent there: send it, for this architecture ("\nprun-need armhf\n"). Wanted on standard
// input: the hash of the file in hex, a line feed, the file.
inline constexpr std::string_view need_marker = "\nprun-need ";
// A processor that we have no agent for, followed by its `uname -m`.
inline constexpr std::string_view machine_marker = "\nprun-machine ";
// No folder could take the agent, followed by those that were tried.
inline constexpr std::string_view no_room_marker = "\nprun-no-room ";
// The agent did not come in whole, followed by where it should have been.
inline constexpr std::string_view unsent_marker = "\nprun-unsent ";

struct AgentRequest {
  std::vector<stage::AgentBinary> agents;
  std::string name;             // unique, for what is not complete yet: letters and digits
  bool afresh = false;          // the one in the cache folder is not to be trusted
  bool elsewhere = false;       // the cache folder is not to be used
  bool leaves_nothing = false;  // an agent that is there is started; nothing is kept there
};

// A word that sh, bash, csh and fish all read as `text`.
std::string shell_quote(std::string_view text);

// Needs a POSIX sh and, for what has to be sent, the usual small programs. Where the agent is in the
// user's cache folder already this is one sh that becomes the agent.
std::string remote_command(const AgentRequest& request);

}  // namespace prun::ssh
