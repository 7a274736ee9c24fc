#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "runtime/transport/tcp/block_codec.hpp"
#include "runtime/transport/tcp/compression_policy.hpp"
#include "runtime/transport/tcp/link_rate.hpp"

namespace prun::transport {

// Makes compressed segments of large payloads, where its policy says so, for one connection. Owned by
// the connection's TcpOutbox; one thread. Its tables (16 to 272 KiB) and the segment that is being
// written are there only while a payload is on its way.
class SegmentPacker {
 public:
  using Clock = std::function<std::chrono::steady_clock::time_point()>;

  explicit SegmentPacker(core::CompressionMode mode, Clock clock = std::chrono::steady_clock::now);

  struct Segment {
    std::size_t length = 0;            // of the payload
    std::span<const std::byte> block;  // what stands for it; empty: it goes as it is
  };
  // The next segment of the payload, from `at` on, of at most `most` bytes. The `history` bytes
  // before it are the last ones the peer has of payloads. The block stays until the next call.
  Segment pack(std::span<const std::byte> payload, std::size_t at, std::size_t most,
               std::size_t history);

  // The payload is its owner's again.
  void let_go();
  // Nothing is on its way: gives the memory back.
  void rest();

  // The socket took no more.
  void on_push_back(int socket);

  const CompressionPolicy& policy() const { return policy_; }

 private:
  BlockCompressor& compressor(Effort effort);

  Clock clock_;
  CompressionPolicy policy_;
  LinkRate link_rate_;
  std::unique_ptr<BlockCompressor> fast_;
  std::unique_ptr<BlockCompressor> thorough_;
  std::vector<std::byte> block_;
};

}  // namespace prun::transport
