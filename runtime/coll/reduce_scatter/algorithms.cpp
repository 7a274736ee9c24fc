#include "runtime/coll/reduce_scatter/pairwise.hpp"
#include "runtime/coll/reduce_scatter/recursive_doubling.hpp"
#include "runtime/coll/reduce_scatter/recursive_halving.hpp"
#include "runtime/coll/reduce_scatter/ring.hpp"

namespace prun::coll {

template <>
std::span<const Algorithm<ReduceScatterArguments>> algorithms() {
  static constexpr Algorithm<ReduceScatterArguments> table[] = {
      {"recursive_doubling", always, reduce_scatter_recursive_doubling,
       reduce_scatter_recursive_doubling_cost},
      {"recursive_halving", recursive_halving_fits, reduce_scatter_recursive_halving,
       reduce_scatter_recursive_halving_cost, true},
      {"ring", commutative, reduce_scatter_ring, reduce_scatter_ring_cost, true},
      {"pairwise", always, reduce_scatter_pairwise, reduce_scatter_pairwise_cost},
  };
  return table;
}

}  // namespace prun::coll
