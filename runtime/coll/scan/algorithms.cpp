#include "runtime/coll/scan/chain.hpp"
#include "runtime/coll/scan/doubling.hpp"

namespace prun::coll {

template <>
std::span<const Algorithm<ScanArguments>> algorithms() {
  static constexpr Algorithm<ScanArguments> table[] = {
      {"doubling", always, scan_doubling, scan_doubling_cost},
      {"chain", always, scan_chain, scan_chain_cost, true},
  };
  return table;
}

}  // namespace prun::coll
