#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/bootstrap/control_messages.hpp"

namespace prun::agent {

// Where a rank stands, as its environment tells it.
struct RankPlace {
  std::uint32_t rank = 0;
  std::uint32_t size = 1;
  std::uint32_t local_rank = 0;   // among the ranks of its host
  std::string host;               // as the user typed it
  int channel_fd = -1;            // its end of the control channel
  std::uint32_t incarnation = 0;  // how many times it was lost before
};

// The environment of a rank: `base` without program.unset, program.environment laid over it, the
// PRUN_ variables on top.
std::vector<std::string> rank_environment(const std::vector<std::string>& base,
                                          const bootstrap::Program& program,
                                          const RankPlace& place);

// The same without a rank: what a check of the program needs.
std::vector<std::string> program_environment(const std::vector<std::string>& base,
                                             const bootstrap::Program& program);

}  // namespace prun::agent
