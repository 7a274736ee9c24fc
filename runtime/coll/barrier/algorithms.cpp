#include "runtime/coll/barrier/by_host.hpp"
#include "runtime/coll/barrier/dissemination.hpp"

namespace prun::coll {

template <>
std::span<const Algorithm<BarrierArguments>> algorithms() {
  static constexpr Algorithm<BarrierArguments> table[] = {
      {"dissemination", always, barrier_dissemination, barrier_dissemination_cost},
      {"by_host", shared_hosts, barrier_by_host, barrier_by_host_cost, false, true},
  };
  return table;
}

}  // namespace prun::coll
