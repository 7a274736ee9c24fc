#include "runtime/coll/allgather/bruck.hpp"
#include "runtime/coll/allgather/by_host.hpp"
#include "runtime/coll/allgather/ring.hpp"

namespace prun::coll {

template <>
std::span<const Algorithm<AllgatherArguments>> algorithms() {
  static constexpr Algorithm<AllgatherArguments> table[] = {
      {"bruck", always, allgather_bruck, allgather_bruck_cost},
      {"ring", always, allgather_ring, allgather_ring_cost, true},
      {"by_host", shared_hosts, allgather_by_host, allgather_by_host_cost, false, true},
  };
  return table;
}

}  // namespace prun::coll
