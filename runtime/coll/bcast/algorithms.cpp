#include "runtime/coll/bcast/binomial.hpp"
#include "runtime/coll/bcast/by_host.hpp"
#include "runtime/coll/bcast/chain.hpp"
#include "runtime/coll/bcast/scatter_allgather.hpp"

namespace prun::coll {

template <>
std::span<const Algorithm<BcastArguments>> algorithms() {
  static constexpr Algorithm<BcastArguments> table[] = {
      {"binomial", always, bcast_binomial, bcast_binomial_cost},
      {"chain", more_than_two, bcast_chain, bcast_chain_cost, true},
      {"scatter_allgather", always, bcast_scatter_allgather, bcast_scatter_allgather_cost, true},
      {"by_host", shared_hosts, bcast_by_host, bcast_by_host_cost, false, true},
  };
  return table;
}

}  // namespace prun::coll
