// Compressed segments: blocks nobody has made, and that what was packed comes out the same.

#include <algorithm>
#include <vector>

#include "runtime/transport/tcp/block_codec.hpp"
#include "runtime/transport/tcp/segment_unpacker.hpp"
#include "runtime/wire/limits.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/targets.hpp"

namespace prun::fuzz {
namespace {

constexpr std::size_t guard_bytes = 64;
constexpr std::byte guard{0xa5};

// A block with all bounds at will. What lies around its place must not change.
void unpack_anything(Input& input) {
  const std::size_t history = input.up_to(transport::block_history_bytes);
  const std::size_t length = 1 + input.up_to(wire::max_lz4_segment_bytes - 1);
  std::vector<std::byte> memory(guard_bytes + history + length + guard_bytes, guard);
  std::byte* const block = memory.data() + guard_bytes + history;
  const Bytes packed = input.rest();
  const std::vector<std::byte> copy(packed.begin(), packed.end());  // so that its end is watched
  transport::decompress_block(copy, block, length, history);
  const auto untouched = [](const std::byte byte) { return byte == guard; };
  require(std::all_of(memory.data(), block, untouched) &&
              std::all_of(block + length, memory.data() + memory.size(), untouched),
          "unpacking writes nowhere but into the block");
}

// Frames of a liar, one behind the other, into a message of bounded length.
void unpack_segments(Input& input) {
  constexpr std::size_t message_bytes = 40'000;
  const auto memory = std::make_unique<std::byte[]>(message_bytes);
  transport::SegmentUnpacker unpacker;
  std::size_t used = 0;
  while (!input.empty()) {
    wire::Frame frame;
    frame.kind = input.flag() ? wire::FrameKind::lz4_data : wire::FrameKind::data;
    frame.send_id = 1 + input.up_to(1);
    frame.length = static_cast<std::uint32_t>(1 + input.up_to(5000));
    frame.packed_length = static_cast<std::uint32_t>(1 + input.up_to(60));
    frame.history = static_cast<std::uint32_t>(input.up_to(9000));
    if (frame.length > message_bytes - used) return;  // what the endpoint refuses
    const bool wanted = input.u8() < 240;
    const auto place = unpacker.begin(frame, wanted ? memory.get() + used : nullptr);
    if (!place) return;
    const auto bytes = input.take(frame.payload_bytes());
    if (place.value() != nullptr) std::copy(bytes.begin(), bytes.end(), place.value());
    if (input.u8() == 1) unpacker.discard();
    if (!unpacker.end()) return;
    used += frame.length;
  }
}

void there_and_back(Input& input) {
  const auto effort = input.flag() ? transport::Effort::thorough : transport::Effort::fast;
  const std::size_t history = input.up_to(300);
  const Bytes some = input.rest();
  std::vector<std::byte> text(some.begin(), some.end());
  if (text.size() <= history) return;
  const std::size_t length = std::min(text.size() - history, transport::largest_block_bytes);
  transport::BlockCompressor compressor(effort);
  compressor.prepare(text.data() + history, history);
  std::vector<std::byte> packed(transport::largest_packed_bytes);
  const auto bytes = compressor.compress({text.data() + history, length}, packed);
  require(bytes && *bytes <= packed.size(), "a block fits into what is set aside for it");
  packed.resize(*bytes);
  std::vector<std::byte> back(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(history));
  back.resize(history + length);
  require(transport::decompress_block(packed, back.data() + history, length, history),
          "what was packed unpacks");
  require(std::equal(back.begin(), back.end(), text.begin()), "and comes out the same");
}

}  // namespace

void lz4_block(Bytes bytes) {
  Input input(bytes);
  switch (input.up_to(2)) {
    case 0:
      unpack_anything(input);
      break;
    case 1:
      unpack_segments(input);
      break;
    default:
      there_and_back(input);
      break;
  }
}

}  // namespace prun::fuzz
