#include "runtime/coll/alltoall/interleaved.hpp"
#include "runtime/coll/alltoall/linear.hpp"
#include "runtime/coll/alltoall/pairwise.hpp"

namespace prun::coll {

template <>
std::span<const Algorithm<AlltoallArguments>> algorithms() {
  static constexpr Algorithm<AlltoallArguments> table[] = {
      {"linear", always, alltoall_linear, alltoall_linear_cost},
      {"pairwise", always, alltoall_pairwise, alltoall_pairwise_cost},
      {"interleaved", always, alltoall_interleaved, alltoall_interleaved_cost, true},
  };
  return table;
}

}  // namespace prun::coll
