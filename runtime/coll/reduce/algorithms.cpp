#include "runtime/coll/reduce/binomial.hpp"
#include "runtime/coll/reduce/by_host.hpp"
#include "runtime/coll/reduce/chain.hpp"

namespace prun::coll {

template <>
std::span<const Algorithm<ReduceArguments>> algorithms() {
  static constexpr Algorithm<ReduceArguments> table[] = {
      {"binomial", always, reduce_binomial, reduce_binomial_cost},
      {"chain", always, reduce_chain, reduce_chain_cost, true},
      {"by_host", shared_hosts_commutative, reduce_by_host, reduce_by_host_cost, false, true},
  };
  return table;
}

}  // namespace prun::coll
