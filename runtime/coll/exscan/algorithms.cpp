#include "runtime/coll/exscan/chain.hpp"
#include "runtime/coll/exscan/doubling.hpp"

namespace prun::coll {

template <>
std::span<const Algorithm<ExscanArguments>> algorithms() {
  static constexpr Algorithm<ExscanArguments> table[] = {
      {"doubling", always, exscan_doubling, exscan_doubling_cost},
      {"chain", always, exscan_chain, exscan_chain_cost, true},
  };
  return table;
}

}  // namespace prun::coll
