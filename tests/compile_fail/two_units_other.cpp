#include <cereal/types/string.hpp>
#include <cereal/types/vector.hpp>

#include <functional>
#include <string>
#include <vector>

#include <prun/prun.hpp>
#include <prun/serialize.hpp>

std::vector<std::string> to_self_and_back(const prun::Communicator& world,
                                          const std::vector<std::string>& words) {
  if (world.allreduce(1, std::plus<>{}) != world.size()) return {};
  world.send(words, world.rank(), 2);
  return world.recv<std::vector<std::string>>(world.rank(), 2);
}
