#include "launcher/cli/hosts_named.hpp"

#include <algorithm>

#include "launcher/hosts/host_words.hpp"

namespace prun::cli {

std::vector<hosts::Host> hosts_named(const RunOptions& options) {
  std::vector<hosts::Host> found;
  for (const auto& program : options.programs) {
    for (const auto& host : program.hosts) {
      const bool known = std::any_of(found.begin(), found.end(), [&](const hosts::Host& one) {
        return hosts::is_same_login(one, host);
      });
      if (!known) found.push_back(host);
    }
  }
  return found;
}

}  // namespace prun::cli
