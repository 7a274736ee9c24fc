#include "runtime/coll/barrier/dissemination.hpp"

namespace prun::coll {

template <>
std::span<const Algorithm<BarrierArguments>> algorithms() {
  static constexpr Algorithm<BarrierArguments> table[] = {
      {"dissemination", always, barrier_dissemination},
  };
  return table;
}

}  // namespace prun::coll
