#include "runtime/transport/tcp/block_codec.hpp"

#include <lz4.h>
#include <lz4hc.h>

#include <algorithm>

#include "runtime/core/assert.hpp"

namespace prun::transport {
namespace {

static_assert(largest_packed_bytes >= LZ4_COMPRESSBOUND(largest_block_bytes));

// The lowest level of LZ4 HC. Higher ones take twice the time and more for a few percent.
constexpr int thorough_level = LZ4HC_CLEVEL_MIN;
constexpr int fast_acceleration = 1;

const char* chars(const std::byte* bytes) {
  return reinterpret_cast<const char*>(bytes);
}

}  // namespace

// One of the two, as the effort says.
struct BlockCompressor::Tables {
  struct FreeFast {
    void operator()(LZ4_stream_t* stream) const { LZ4_freeStream(stream); }
  };
  struct FreeThorough {
    void operator()(LZ4_streamHC_t* stream) const { LZ4_freeStreamHC(stream); }
  };
  std::unique_ptr<LZ4_stream_t, FreeFast> fast;
  std::unique_ptr<LZ4_streamHC_t, FreeThorough> thorough;
};

BlockCompressor::BlockCompressor(Effort effort)
    : effort_(effort), tables_(std::make_unique<Tables>()) {
  if (effort == Effort::fast) {
    tables_->fast.reset(LZ4_createStream());
  } else {
    tables_->thorough.reset(LZ4_createStreamHC());
  }
}

BlockCompressor::~BlockCompressor() = default;

void BlockCompressor::prepare(const std::byte* block, std::size_t history) {
  if (block == end_) return;
  const auto length = static_cast<int>(std::min(history, block_history_bytes));
  const char* const from = chars(block) - length;
  if (tables_->fast) {
    LZ4_resetStream_fast(tables_->fast.get());
    if (length > 0) LZ4_loadDict(tables_->fast.get(), from, length);
  } else if (tables_->thorough) {
    LZ4_resetStreamHC_fast(tables_->thorough.get(), thorough_level);
    if (length > 0) LZ4_loadDictHC(tables_->thorough.get(), from, length);
  }
  end_ = block;
}

std::optional<std::size_t> BlockCompressor::compress(std::span<const std::byte> block,
                                                     std::span<std::byte> out) {
  PRUN_ASSERT(block.data() == end_ && block.size() <= largest_block_bytes &&
              out.size() >= largest_packed_bytes);  // so LZ4 never finds it too small
  const auto length = static_cast<int>(block.size());
  const auto room = static_cast<int>(out.size());
  char* const to = reinterpret_cast<char*>(out.data());
  int written = 0;
  if (tables_->fast) {
    written = LZ4_compress_fast_continue(tables_->fast.get(), chars(block.data()), to, length, room,
                                         fast_acceleration);
  } else if (tables_->thorough) {
    written =
        LZ4_compress_HC_continue(tables_->thorough.get(), chars(block.data()), to, length, room);
  }
  if (written <= 0) return std::nullopt;
  end_ += block.size();
  return static_cast<std::size_t>(written);
}

bool decompress_block(std::span<const std::byte> packed, std::byte* block, std::size_t length,
                      std::size_t history) {
  const int unpacked = LZ4_decompress_safe_usingDict(
      chars(packed.data()), reinterpret_cast<char*>(block), static_cast<int>(packed.size()),
      static_cast<int>(length), chars(block) - history, static_cast<int>(history));
  return unpacked >= 0 && static_cast<std::size_t>(unpacked) == length;
}

}  // namespace prun::transport
