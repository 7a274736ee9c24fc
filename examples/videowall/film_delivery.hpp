#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <prun/prun.hpp>

namespace wall {

// Ranks that write a film down: of those that play it, one for each host that has none.
std::vector<int> receivers_of(const std::vector<std::int32_t>& have, const std::vector<bool>& needs,
                              const std::vector<std::string>& hosts);

// Sends films from boards that have them to those that lack them, over the network of the job, all
// lacking ones at once. `films` are those of each rank of the job. Collective; gives this rank's own
// as they are to be opened here. Films that nobody has are left as they are, addresses too. A line
// for people goes to `say`, on rank 0 or the one that sends. Throws std::runtime_error when a film
// cannot be written down.
std::vector<std::string> deliver_films(const prun::Communicator& comm,
                                       const std::vector<std::vector<std::string>>& films,
                                       const std::function<void(const std::string&)>& say);

}  // namespace wall
