#include "runtime/transport/tcp/segment_packer.hpp"

#include <algorithm>
#include <utility>

namespace prun::transport {
namespace {

// Shorter ends of payloads go as they are: a packet is a packet.
constexpr std::size_t shortest_block_bytes = 512;
// Shorter ones say little about what compressing takes and brings.
constexpr std::size_t shortest_sample_bytes = 4u << 10;
// A compressed segment's header is longer than a plain one's by so many bytes.
constexpr std::size_t extra_header_bytes = 8;

}  // namespace

SegmentPacker::SegmentPacker(core::CompressionMode mode, Clock clock)
    : clock_(std::move(clock)), policy_(mode) {}

BlockCompressor& SegmentPacker::compressor(Effort effort) {
  std::unique_ptr<BlockCompressor>& slot = effort == Effort::fast ? fast_ : thorough_;
  if (!slot) slot = std::make_unique<BlockCompressor>(effort);
  return *slot;
}

SegmentPacker::Segment SegmentPacker::pack(std::span<const std::byte> payload, std::size_t at,
                                           std::size_t most, std::size_t history) {
  const std::span<const std::byte> rest = payload.subspan(at);
  Segment segment{std::min(rest.size(), most), {}};
  const auto effort = policy_.next();
  if (!effort || segment.length < shortest_block_bytes) {
    policy_.on_plain(segment.length);
    return segment;
  }
  // Longer than a plain one may be: what is left of it is shorter, and long blocks shrink better.
  segment.length = std::min(rest.size(), largest_block_bytes);
  block_.resize(largest_packed_bytes);
  BlockCompressor& compressor = this->compressor(*effort);
  const auto begin = clock_();
  compressor.prepare(rest.data(), history);
  const auto prepared = clock_();
  const auto written = compressor.compress(rest.first(segment.length), block_);
  const auto end = clock_();
  std::size_t share = segment.length;
  if (written && *written + extra_header_bytes < segment.length) {
    segment.block = std::span(block_).first(*written);
    share = *written + extra_header_bytes;
  }
  if (segment.length >= shortest_sample_bytes)
    policy_.on_block(*effort, segment.length, share, end - prepared, prepared - begin);
  return segment;
}

void SegmentPacker::let_go() {
  if (fast_) fast_->reset();
  if (thorough_) thorough_->reset();
}

void SegmentPacker::rest() {
  fast_.reset();
  thorough_.reset();
  block_ = {};
}

void SegmentPacker::on_push_back(int socket) {
  const auto now = clock_();
  if (!link_rate_.due(now)) return;
  const auto measured = delivery_rate(socket);
  if (!measured) return;
  link_rate_.add(now, *measured);
  if (const auto rate = link_rate_.value()) policy_.on_link_rate(*rate);
}

}  // namespace prun::transport
