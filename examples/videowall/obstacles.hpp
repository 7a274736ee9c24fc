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

// Has rank 0 tell everything that is missing anywhere, before anything plays. Collective; gives the
// same exit status everywhere, 0 when nothing is missing.
int tell_obstacles(const prun::Communicator& world, const Obstacles& mine);

}  // namespace wall
