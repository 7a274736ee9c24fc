#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "launcher/stage/agent_binary.hpp"

namespace prun::stage {

// The agents as they are sent to hosts: read when the first host needs one, shared by all that do.
// One thread.
class AgentSupply {
 public:
  using Bytes = std::shared_ptr<const std::vector<std::byte>>;

  explicit AgentSupply(std::vector<AgentBinary> agents) : agents_(std::move(agents)) {}

  // What a host that asks for "ARCHITECTURE-ID" is to be sent: the hash of the file in hex, a line
  // feed, the file. Null for what was never offered, and where the file is not what it was.
  Bytes find(const std::string& wanted);

 private:
  std::vector<AgentBinary> agents_;
  std::map<std::string, Bytes> read_;
};

}  // namespace prun::stage
