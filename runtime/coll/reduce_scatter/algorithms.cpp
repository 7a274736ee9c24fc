#include "runtime/coll/reduce_scatter/pairwise.hpp"
#include "runtime/coll/reduce_scatter/recursive_doubling.hpp"
#include "runtime/coll/reduce_scatter/ring.hpp"

namespace prun::coll {

template <>
std::span<const Algorithm<ReduceScatterArguments>> algorithms() {
  static constexpr Algorithm<ReduceScatterArguments> table[] = {
      {"recursive_doubling", always, reduce_scatter_recursive_doubling},
      {"ring", commutative, reduce_scatter_ring},
      {"pairwise", always, reduce_scatter_pairwise},
  };
  return table;
}

}  // namespace prun::coll
