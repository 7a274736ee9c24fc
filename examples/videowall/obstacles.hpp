#pragma once

#include <string>
#include <vector>

#include <prun/prun.hpp>

namespace wall {

// What keeps a rank from playing, a line each, and the exit status a shell would give it.
struct Obstacles {
  std::string text;
  int exit_status = 0;
};
Obstacles find_obstacles(const prun::Communicator& world, const std::string& program,
                         const std::vector<std::string>& films);

// Everything that is missing anywhere. Collective; gives the same exit status everywhere, and all the
// words to the first of the communicator.
Obstacles gather_obstacles(const prun::Communicator& comm, const Obstacles& mine);

}  // namespace wall
