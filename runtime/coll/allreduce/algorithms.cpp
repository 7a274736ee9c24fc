#include "runtime/coll/allreduce/pairwise.hpp"
#include "runtime/coll/allreduce/recursive_doubling.hpp"
#include "runtime/coll/allreduce/ring.hpp"

namespace prun::coll {

template <>
std::span<const Algorithm<AllreduceArguments>> algorithms() {
  static constexpr Algorithm<AllreduceArguments> table[] = {
      {"recursive_doubling", always, allreduce_recursive_doubling},
      {"ring", commutative, allreduce_ring},
      {"pairwise", always, allreduce_pairwise},
  };
  return table;
}

}  // namespace prun::coll
