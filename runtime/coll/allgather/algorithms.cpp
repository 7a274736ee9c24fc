#include "runtime/coll/allgather/bruck.hpp"
#include "runtime/coll/allgather/ring.hpp"

namespace prun::coll {

template <>
std::span<const Algorithm<AllgatherArguments>> algorithms() {
  static constexpr Algorithm<AllgatherArguments> table[] = {
      {"bruck", always, allgather_bruck, allgather_bruck_cost},
      {"ring", always, allgather_ring, allgather_ring_cost, true},
  };
  return table;
}

}  // namespace prun::coll
