#include "runtime/transport/tcp/block_codec.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace prun::transport {
namespace {

using Bytes = std::vector<std::byte>;

constexpr std::array<Effort, 2> efforts{Effort::fast, Effort::thorough};

Bytes text(std::size_t count, unsigned seed = 1) {
  std::minstd_rand random(seed);
  Bytes bytes;
  while (bytes.size() < count) {
    for (const char c : "word " + std::to_string(random() % 500) + ' ')
      bytes.push_back(static_cast<std::byte>(c));
  }
  bytes.resize(count);
  return bytes;
}

Bytes noise(std::size_t count, unsigned seed = 1) {
  std::mt19937 random(seed);
  Bytes bytes(count);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
  return bytes;
}

Bytes packed(BlockCompressor& compressor, const Bytes& message, std::size_t at, std::size_t length,
             std::size_t history) {
  Bytes out(largest_packed_bytes);
  compressor.prepare(message.data() + at, history);
  const auto written = compressor.compress(std::span(message).subspan(at, length), out);
  EXPECT_TRUE(written);
  out.resize(written.value_or(0));
  return out;
}

// The whole message in blocks, each unpacked where it belongs.
void expect_whole(Effort effort, const Bytes& message, std::size_t block) {
  BlockCompressor compressor(effort);
  Bytes got(message.size());
  for (std::size_t at = 0; at < message.size(); at += block) {
    const std::size_t length = std::min(block, message.size() - at);
    const std::size_t history = std::min(at, block_history_bytes);
    const Bytes bytes = packed(compressor, message, at, length, history);
    ASSERT_TRUE(decompress_block(bytes, got.data() + at, length, history)) << "at " << at;
  }
  EXPECT_TRUE(got == message);
}

TEST(BlockCodec, MessagesComeBackAsTheyWere) {
  for (const Effort effort : efforts) {
    for (const std::size_t size : {1u, 2u, 15u, 16383u, 16384u, 16385u, 300'001u}) {
      expect_whole(effort, text(size), largest_block_bytes);
      expect_whole(effort, noise(size), largest_block_bytes);
    }
    expect_whole(effort, text(20'000), 100);
    expect_whole(effort, Bytes(200'000), largest_block_bytes);
  }
}

TEST(BlockCodec, BlocksReferToWhatCameBefore) {
  for (const Effort effort : efforts) {
    Bytes message = noise(16'000);
    message.insert(message.end(), message.begin(), message.begin() + 16'000);
    BlockCompressor compressor(effort);
    EXPECT_GT(packed(compressor, message, 0, 16'000, 0).size(), 15'000u);
    EXPECT_LT(packed(compressor, message, 16'000, 16'000, 16'000).size(), 200u);
  }
}

TEST(BlockCodec, HistoryIsReadInWhereABlockDoesNotFollow) {
  for (const Effort effort : efforts) {
    Bytes message = noise(16'000);
    message.insert(message.end(), message.begin(), message.begin() + 16'000);
    BlockCompressor compressor(effort);
    EXPECT_LT(packed(compressor, message, 16'000, 16'000, 16'000).size(), 200u);
    EXPECT_GT(packed(compressor, message, 16'000, 16'000, 0).size(), 15'000u);
  }
}

// A memory checker finds out who reads the old buffer after reset.
TEST(BlockCodec, AfterResetTheBufferMayGo) {
  for (const Effort effort : efforts) {
    auto first = std::make_unique<Bytes>(text(32'000));
    BlockCompressor compressor(effort);
    packed(compressor, *first, 0, 16'000, 0);
    compressor.reset();
    first.reset();
    const Bytes second = text(16'000);
    const Bytes bytes = packed(compressor, second, 0, 16'000, 0);
    Bytes got(16'000);
    ASSERT_TRUE(decompress_block(bytes, got.data(), got.size(), 0));
    EXPECT_TRUE(got == second);
  }
}

// Places of exactly the length stated, so that a memory checker sees each byte too far.
TEST(BlockCodec, LiesAreRefused) {
  const Bytes message = text(8'000);
  BlockCompressor compressor(Effort::fast);
  const Bytes good = packed(compressor, message, 4'000, 4'000, 4'000);
  const auto unpacks = [&](const Bytes& bytes, std::size_t length, std::size_t history) {
    const auto buffer = std::make_unique<std::byte[]>(history + length);
    std::copy_n(message.begin() + static_cast<std::ptrdiff_t>(4'000 - history), history,
                buffer.get());
    const auto exact = std::make_unique<std::byte[]>(bytes.size());
    std::copy(bytes.begin(), bytes.end(), exact.get());
    return decompress_block(std::span(exact.get(), bytes.size()), buffer.get() + history, length,
                            history);
  };
  EXPECT_TRUE(unpacks(good, 4'000, 4'000));
  EXPECT_FALSE(unpacks(good, 3'999, 4'000)) << "more than there is room for";
  EXPECT_FALSE(unpacks(good, 4'001, 4'000)) << "less than was stated";
  EXPECT_FALSE(unpacks(good, 4'000, 0)) << "refers to what is not there";
  for (std::size_t length = 0; length < good.size(); ++length)
    EXPECT_FALSE(unpacks(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(length)),
                         4'000, 4'000));
  Bytes longer = good;
  longer.push_back(std::byte{0});
  EXPECT_FALSE(unpacks(longer, 4'000, 4'000));
  // Whatever the bytes are: an answer, and nothing touched outside.
  for (unsigned seed = 0; seed < 2'000; ++seed) {
    Bytes bytes = seed % 2 == 0 ? noise(1 + seed % 300, seed) : good;
    if (seed % 2 != 0) bytes[seed * 7 % bytes.size()] ^= static_cast<std::byte>(1 + seed % 255);
    unpacks(bytes, 1 + seed % 4'000, seed % 4'000);
  }
}

}  // namespace
}  // namespace prun::transport
