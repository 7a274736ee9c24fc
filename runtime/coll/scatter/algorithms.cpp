#include "runtime/coll/scatter/binomial.hpp"
#include "runtime/coll/scatter/linear.hpp"

namespace prun::coll {

template <>
std::span<const Algorithm<ScatterArguments>> algorithms() {
  static constexpr Algorithm<ScatterArguments> table[] = {
      {"binomial", equal_blocks, scatter_binomial, scatter_binomial_cost},
      {"linear", always, scatter_linear, scatter_linear_cost},
  };
  return table;
}

}  // namespace prun::coll
