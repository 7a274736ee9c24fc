#include "runtime/coll/reduce/binomial.hpp"
#include "runtime/coll/reduce/chain.hpp"

namespace prun::coll {

template <>
std::span<const Algorithm<ReduceArguments>> algorithms() {
  static constexpr Algorithm<ReduceArguments> table[] = {
      {"binomial", always, reduce_binomial},
      {"chain", always, reduce_chain},
  };
  return table;
}

}  // namespace prun::coll
