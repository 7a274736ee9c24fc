#include "runtime/coll/scatter/binomial.hpp"
#include "runtime/coll/scatter/linear.hpp"

namespace prun::coll {

template <>
std::span<const Algorithm<ScatterArguments>> algorithms() {
  static constexpr Algorithm<ScatterArguments> table[] = {
      {"binomial", equal_blocks, scatter_binomial},
      {"linear", always, scatter_linear},
  };
  return table;
}

}  // namespace prun::coll
