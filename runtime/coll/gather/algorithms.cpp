#include "runtime/coll/gather/binomial.hpp"
#include "runtime/coll/gather/linear.hpp"

namespace prun::coll {

template <>
std::span<const Algorithm<GatherArguments>> algorithms() {
  static constexpr Algorithm<GatherArguments> table[] = {
      {"binomial", equal_blocks, gather_binomial, gather_binomial_cost},
      {"linear", always, gather_linear, gather_linear_cost},
  };
  return table;
}

}  // namespace prun::coll
