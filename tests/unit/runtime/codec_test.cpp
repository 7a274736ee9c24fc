#include "runtime/wire/codec.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace prun::wire {
namespace {

std::vector<std::byte> bytes_of(std::initializer_list<int> values) {
  std::vector<std::byte> bytes;
  for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

std::vector<std::byte> one_of_each() {
  Writer writer;
  writer.u8(0x12);
  writer.u16(0x3456);
  writer.u32(0x789abcde);
  writer.u64(0x0123456789abcdef);
  writer.i32(-2);
  writer.string("ab");
  return std::move(writer).take();
}

TEST(Codec, EveryFieldIsLittleEndianByteByByte) {
  EXPECT_EQ(one_of_each(),
            bytes_of({0x12, 0x56, 0x34, 0xde, 0xbc, 0x9a, 0x78, 0xef, 0xcd, 0xab, 0x89, 0x67, 0x45,
                      0x23, 0x01, 0xfe, 0xff, 0xff, 0xff, 2,    0,    0,    0,    'a',  'b'}));
}

TEST(Codec, ReadsBackWhatWasWritten) {
  const auto bytes = one_of_each();
  Reader reader(bytes);
  EXPECT_EQ(reader.u8(), 0x12);
  EXPECT_EQ(reader.u16(), 0x3456);
  EXPECT_EQ(reader.u32(), 0x789abcdeu);
  EXPECT_EQ(reader.u64(), 0x0123456789abcdefu);
  EXPECT_EQ(reader.i32(), -2);
  EXPECT_FALSE(reader.complete()) << "the string is left";
  EXPECT_EQ(reader.remaining(), 6u);
  EXPECT_EQ(reader.string(2), "ab");
  EXPECT_TRUE(reader.complete());
}

TEST(Codec, ExtremesSurvive) {
  Writer writer;
  writer.u64(std::numeric_limits<std::uint64_t>::max());
  writer.i32(std::numeric_limits<std::int32_t>::min());
  writer.i32(std::numeric_limits<std::int32_t>::max());
  writer.string("");
  writer.string(std::string("\0x", 2));
  Reader reader(writer.view());
  EXPECT_EQ(reader.u64(), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(reader.i32(), std::numeric_limits<std::int32_t>::min());
  EXPECT_EQ(reader.i32(), std::numeric_limits<std::int32_t>::max());
  EXPECT_EQ(reader.string(0), "");
  EXPECT_EQ(reader.string(2), std::string("\0x", 2));
  EXPECT_TRUE(reader.complete());
}

TEST(Codec, PatchOverwritesFourBytesAndNoOther) {
  Writer writer;
  writer.u8(1);
  writer.u32(0);
  writer.u8(2);
  writer.patch_u32(1, 0x0a0b0c0d);
  EXPECT_EQ(writer.size(), 6u);
  EXPECT_EQ(std::move(writer).take(), bytes_of({1, 0x0d, 0x0c, 0x0b, 0x0a, 2}));
}

TEST(Codec, EveryTruncationIsNoticedAndReadsAsNothing) {
  const auto whole = one_of_each();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    Reader reader{std::span(whole).first(length)};
    reader.u8();
    reader.u16();
    reader.u32();
    reader.u64();
    reader.i32();
    EXPECT_EQ(reader.string(10), "") << length;
    EXPECT_FALSE(reader.ok()) << length;
    EXPECT_FALSE(reader.complete()) << length;
  }
}

TEST(Codec, AfterTheFirstMisfitEverythingIsZero) {
  const auto bytes = bytes_of({7, 7, 7});
  Reader reader(bytes);
  EXPECT_EQ(reader.u32(), 0u);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.u8(), 0) << "though three bytes were there";
  EXPECT_TRUE(reader.raw(0).empty());
  EXPECT_EQ(reader.remaining(), 0u);
  EXPECT_FALSE(reader.complete());
}

TEST(Codec, LengthIsHeldAgainstTheLimitAndAgainstWhatIsThere) {
  Writer writer;
  writer.string("four");
  EXPECT_EQ(Reader(writer.view()).string(4), "four");

  Reader over_limit(writer.view());
  EXPECT_EQ(over_limit.string(3), "");
  EXPECT_FALSE(over_limit.ok());

  Writer lie;
  lie.u32(std::numeric_limits<std::uint32_t>::max());
  lie.u8(1);
  Reader reader(lie.view());
  EXPECT_TRUE(reader.bytes(std::numeric_limits<std::size_t>::max()).empty());
  EXPECT_FALSE(reader.ok());
}

TEST(Codec, RawTakesExactlyWhatIsThere) {
  const auto bytes = bytes_of({1, 2, 3});
  Reader exact(bytes);
  EXPECT_EQ(exact.raw(3).size(), 3u);
  EXPECT_TRUE(exact.complete());
  Reader beyond(bytes);
  EXPECT_TRUE(beyond.raw(4).empty());
  EXPECT_FALSE(beyond.ok());
  Reader far_beyond(bytes);
  EXPECT_TRUE(far_beyond.raw(std::numeric_limits<std::size_t>::max()).empty());
  EXPECT_FALSE(far_beyond.ok());
}

TEST(Codec, CountMustFitItsEntries) {
  Writer writer;
  writer.u32(3);
  writer.u64(0);
  writer.u32(0);  // room for three entries of four bytes
  EXPECT_EQ(Reader(writer.view()).count(3, 4), 3u);

  Reader too_wide(writer.view());
  EXPECT_EQ(too_wide.count(3, 5), 0u);
  EXPECT_FALSE(too_wide.ok());

  Reader too_many(writer.view());
  EXPECT_EQ(too_many.count(2, 4), 0u);
  EXPECT_FALSE(too_many.ok());

  Writer lie;
  lie.u32(std::numeric_limits<std::uint32_t>::max());
  lie.u32(0);
  Reader product_wraps(lie.view());
  EXPECT_EQ(product_wraps.count(std::numeric_limits<std::size_t>::max(),
                                std::numeric_limits<std::size_t>::max()),
            0u);
  EXPECT_FALSE(product_wraps.ok());
}

}  // namespace
}  // namespace prun::wire
