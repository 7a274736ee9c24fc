#pragma once

#include <string>
#include <vector>

namespace prun::stage {

// `prun cache --clear [-H ...]`: the arguments of the run that empties the cache folders of the
// hosts named; nothing where the words are no such order. `problem` says what is wrong with them.
struct ClearOrder {
  std::vector<std::string> arguments;  // for a run; empty: no host was named
  std::string problem;
};
ClearOrder parse_clear(const std::vector<std::string>& words);

// Empties the cache folder of this machine.
void clear_cache(const std::vector<std::string>& environment);

}  // namespace prun::stage
