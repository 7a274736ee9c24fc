#include "runtime/coll/allreduce/by_host.hpp"
#include "runtime/coll/allreduce/pairwise.hpp"
#include "runtime/coll/allreduce/rabenseifner.hpp"
#include "runtime/coll/allreduce/recursive_doubling.hpp"
#include "runtime/coll/allreduce/ring.hpp"

namespace prun::coll {

template <>
std::span<const Algorithm<AllreduceArguments>> algorithms() {
  static constexpr Algorithm<AllreduceArguments> table[] = {
      {"recursive_doubling", always, allreduce_recursive_doubling,
       allreduce_recursive_doubling_cost},
      {"rabenseifner", more_than_two, allreduce_rabenseifner, allreduce_rabenseifner_cost, true},
      {"ring", commutative, allreduce_ring, allreduce_ring_cost, true},
      {"pairwise", always, allreduce_pairwise, allreduce_pairwise_cost, true},
      {"by_host", shared_hosts_commutative, allreduce_by_host, allreduce_by_host_cost, false, true},
  };
  return table;
}

}  // namespace prun::coll
