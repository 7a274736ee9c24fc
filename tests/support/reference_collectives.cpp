#include "tests/support/reference_collectives.hpp"

namespace prun::test {

Bytes combined(const detail::Reduction& op, std::size_t element_bytes, const Bytes& left,
               const Bytes& right) {
  Bytes out(left.size());
  op(left.data(), right.data(), out.data(), left.size() / element_bytes);
  return out;
}

std::vector<Bytes> reference_scan(const detail::Reduction& op, std::size_t element_bytes,
                                  const std::vector<Bytes>& inputs) {
  std::vector<Bytes> results;
  for (const Bytes& input : inputs) {
    results.push_back(results.empty() ? input : combined(op, element_bytes, results.back(), input));
  }
  return results;
}

std::vector<std::vector<Bytes>> transposed(const std::vector<std::vector<Bytes>>& blocks) {
  std::vector<std::vector<Bytes>> result(blocks.size(), std::vector<Bytes>(blocks.size()));
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    for (std::size_t j = 0; j < blocks.size(); ++j) result[j][i] = blocks[i][j];
  }
  return result;
}

}  // namespace prun::test
