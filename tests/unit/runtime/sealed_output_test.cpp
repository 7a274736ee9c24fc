#include "runtime/transport/tcp/sealed_output.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <vector>

namespace prun::transport {
namespace {

using Bytes = std::vector<std::byte>;

class SealedOutputTest : public testing::Test {
 protected:
  Bytes opened(std::span<const std::byte> records) {
    Bytes copy(records.begin(), records.end());
    Bytes text;
    const auto taken = reader_.take(copy, [&](std::span<const std::byte> part) {
      longest_ = std::max(longest_, part.size());
      text.insert(text.end(), part.begin(), part.end());
      return true;
    });
    EXPECT_TRUE(taken.ok());
    return text;
  }
  static Bytes counted(std::size_t length) {
    Bytes bytes(length);
    for (std::size_t i = 0; i < length; ++i) bytes[i] = static_cast<std::byte>(i % 251);
    return bytes;
  }

  Bytes scratch_ = Bytes(SealedOutput::batch_bytes);
  SealedOutput output_{security::Key{}, scratch_};
  security::RecordReader reader_{security::Key{}};
  std::size_t longest_ = 0;
};

TEST_F(SealedOutputTest, MakesOneRecordOfSmallPieces) {
  Bytes one = counted(32);
  Bytes other = counted(8000);
  const std::array<iovec, 3> pieces{
      {{one.data(), one.size()}, {nullptr, 0}, {other.data(), other.size()}}};
  const auto batch = output_.seal(pieces, 0);
  EXPECT_EQ(batch.text_bytes, 8032u);
  EXPECT_EQ(batch.records.size(), 8032 + security::record_extra_bytes);
  Bytes expected = one;
  expected.insert(expected.end(), other.begin(), other.end());
  EXPECT_EQ(opened(batch.records), expected);
}

TEST_F(SealedOutputTest, CutsWhatIsLongIntoBatchesOfRecords) {
  Bytes head = counted(16);
  Bytes long_one = counted(SealedOutput::batch_text_bytes * 2 + 1000);
  const std::array<iovec, 2> pieces{
      {{head.data(), head.size()}, {long_one.data(), long_one.size()}}};
  Bytes expected = head;
  expected.insert(expected.end(), long_one.begin(), long_one.end());
  Bytes got;
  std::size_t at = 0;
  int batches = 0;
  for (; at < expected.size(); ++batches) {
    const auto batch = output_.seal(pieces, at);
    ASSERT_GT(batch.text_bytes, 0u);
    ASSERT_LE(batch.text_bytes, SealedOutput::batch_text_bytes);
    at += batch.text_bytes;
    const Bytes text = opened(batch.records);
    EXPECT_EQ(text.size(), batch.text_bytes);
    got.insert(got.end(), text.begin(), text.end());
  }
  EXPECT_EQ(batches, 3);
  EXPECT_EQ(got, expected);
  EXPECT_EQ(longest_, security::max_record_text_bytes);
  EXPECT_EQ(output_.seal(pieces, at).text_bytes, 0u);
}

TEST_F(SealedOutputTest, KeepsWhatTheSocketDidNotTake) {
  Bytes text = counted(100);
  const iovec piece{text.data(), text.size()};
  const auto batch = output_.seal({&piece, 1}, 0);
  Bytes sent(batch.records.begin(), batch.records.begin() + 30);
  output_.keep(batch.records.subspan(30));
  std::fill(scratch_.begin(), scratch_.end(), std::byte{0});  // another connection's turn
  while (output_.waits()) {
    const auto next = output_.waiting().first(std::min<std::size_t>(output_.waiting().size(), 33));
    sent.insert(sent.end(), next.begin(), next.end());
    output_.written(next.size());
  }
  EXPECT_EQ(opened(sent), text);
}

}  // namespace
}  // namespace prun::transport
