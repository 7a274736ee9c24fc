#include <cereal/types/string.hpp>
#include <cereal/types/vector.hpp>

#include <functional>
#include <string>
#include <vector>

#include <prun/prun.hpp>
#include <prun/serialize.hpp>

// two_units_other.cpp
std::vector<std::string> to_self_and_back(const prun::Communicator& world,
                                          const std::vector<std::string>& words);

// The same templates of the public headers are instantiated in both units.
int main(int argc, char** argv) {
  prun::Environment env(argc, argv);
  const prun::Communicator& world = env.world();
  const std::vector<std::string> words{"one", "", "three"};
  world.send(words, world.rank(), 1);
  if (world.recv<std::vector<std::string>>(world.rank(), 1) != words) return 1;
  if (to_self_and_back(world, words) != words) return 2;
  return world.allreduce(1, std::plus<>{}) == world.size() ? 0 : 3;
}
