#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/bootstrap/control_messages.hpp"

namespace prun::agent {

// Processors this process may run on.
std::uint32_t usable_cores();

// The two ends of the ssh connection, from the words of SSH_CONNECTION; both empty unless all four
// words are there. IPv4 addresses in IPv6 clothing (::ffff:10.0.0.1) come out plain.
struct SshEnds {
  std::string client_address;
  std::string server_address;
  std::uint16_t client_port = 0;
  std::uint16_t server_port = 0;

  bool operator==(const SshEnds&) const = default;
};
SshEnds ssh_ends(std::string_view ssh_connection);

// What the agent says of itself and its host. `local` where the launcher started it on its own
// machine: then an SSH_CONNECTION in the environment is the user's login, not ours.
bootstrap::AgentHello describe_host(bool local);

}  // namespace prun::agent
