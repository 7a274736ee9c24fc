#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/stage/architecture.hpp"

// The agents that prun can send: one small static program for each architecture, beside prun.
namespace prun::stage {

struct AgentBinary {
  std::string architecture;  // as in its file's name: "x86_64", "aarch64", "armhf"
  std::string path;
  std::string id;  // names its content: what the linker took of all of it (the build id), in hex
  std::uint64_t bytes = 0;
};

// Folders that may hold them, seen from the prun at `own_path`.
std::vector<std::string> agent_folders(const std::string& own_path);

// All agents in those folders, an architecture once. Reads little of each file.
std::vector<AgentBinary> find_agents(const std::vector<std::string>& folders);

// Which agent a machine gets.
struct AgentChoice {
  std::string_view machine;  // what its `uname -m` begins with
  const AgentBinary* agent;
};
std::vector<AgentChoice> agents_by_machine(const std::vector<AgentBinary>& agents);

// The build id in the notes of an ELF file of either width, hex; empty where there is none.
std::string build_id(std::span<const std::byte> head);

}  // namespace prun::stage
