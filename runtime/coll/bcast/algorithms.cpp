#include "runtime/coll/bcast/binomial.hpp"
#include "runtime/coll/bcast/chain.hpp"
#include "runtime/coll/bcast/scatter_allgather.hpp"

namespace prun::coll {

template <>
std::span<const Algorithm<BcastArguments>> algorithms() {
  static constexpr Algorithm<BcastArguments> table[] = {
      {"binomial", always, bcast_binomial},
      {"chain", always, bcast_chain},
      {"scatter_allgather", always, bcast_scatter_allgather},
  };
  return table;
}

}  // namespace prun::coll
