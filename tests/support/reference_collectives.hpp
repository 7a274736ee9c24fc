#pragma once

#include <prun/op.hpp>

#include <cstddef>
#include <vector>

// What collectives give, computed the naive way from all inputs at once. By rank; bytes.
namespace prun::test {

using Bytes = std::vector<std::byte>;

// left op right, element by element.
Bytes combined(const detail::Reduction& op, std::size_t element_bytes, const Bytes& left,
               const Bytes& right);

// x0 op x1 ... op xi for each i; the last one is the reduction of all.
std::vector<Bytes> reference_scan(const detail::Reduction& op, std::size_t element_bytes,
                                  const std::vector<Bytes>& inputs);

// Result [j][i] is input [i][j].
std::vector<std::vector<Bytes>> transposed(const std::vector<std::vector<Bytes>>& blocks);

}  // namespace prun::test
