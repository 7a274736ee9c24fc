#include "runtime/coll/gather/binomial.hpp"
#include "runtime/coll/gather/linear.hpp"

namespace prun::coll {

template <>
std::span<const Algorithm<GatherArguments>> algorithms() {
  static constexpr Algorithm<GatherArguments> table[] = {
      {"binomial", equal_blocks, gather_binomial},
      {"linear", always, gather_linear},
  };
  return table;
}

}  // namespace prun::coll
