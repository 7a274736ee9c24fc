// What launcher and agents say to know of each other, against bytes that are cut and forged.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "launcher/liveness/messages.hpp"
#include "launcher/liveness/probe.hpp"

namespace prun::liveness {
namespace {

security::Key sample_key() {
  security::Key key{};
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::byte>(i + 1);
  return key;
}

template <class Message>
std::vector<std::byte> bytes_of(const Message& message) {
  wire::Writer out;
  message.encode(out);
  return std::move(out).take();
}

template <class Message>
bool is_taken(const std::vector<std::byte>& bytes) {
  wire::Reader in(bytes);
  return Message::decode(in).ok() && in.complete();
}

TEST(LivenessMessages, ComeAsTheyWent) {
  const auto bytes = bytes_of(Watch{500, 30000, sample_key(), {5000, 5009}});
  wire::Reader in(bytes);
  const auto watch = Watch::decode(in);
  ASSERT_TRUE(watch.ok());
  EXPECT_TRUE(in.complete());
  EXPECT_EQ(watch.value().beat_ms, 500u);
  EXPECT_EQ(watch.value().cut_off_ms, 30000u);
  EXPECT_EQ(watch.value().key, sample_key());
  EXPECT_EQ(watch.value().ports, (core::PortRange{5000, 5009}));
  EXPECT_TRUE(is_taken<Beat>(bytes_of(Beat{})));
  EXPECT_TRUE(is_taken<ProbePort>(bytes_of(ProbePort{65535})));
}

TEST(LivenessMessages, CutShortTheyAreNone) {
  const auto watch = bytes_of(Watch{500, 30000, sample_key()});
  for (std::size_t length = 0; length < watch.size(); ++length)
    EXPECT_FALSE(
        is_taken<Watch>({watch.begin(), watch.begin() + static_cast<std::ptrdiff_t>(length)}));
  EXPECT_FALSE(is_taken<ProbePort>({std::byte{1}}));
}

TEST(LivenessMessages, OutOfBoundsTheyAreNone) {
  EXPECT_FALSE(is_taken<Watch>(bytes_of(Watch{0, 30000, {}})));
  EXPECT_FALSE(is_taken<Watch>(bytes_of(Watch{Watch::shortest_beat_ms - 1, 30000, {}})));
  EXPECT_TRUE(is_taken<Watch>(bytes_of(Watch{Watch::shortest_beat_ms, 30000, {}})));
  EXPECT_FALSE(is_taken<Watch>(bytes_of(Watch{500, 499, {}})));
  EXPECT_FALSE(is_taken<Watch>(bytes_of(Watch{500, 30000, {}, {5009, 5000}})));
  EXPECT_FALSE(is_taken<ProbePort>(bytes_of(ProbePort{0})));
}

TEST(Probe, IsReadByWhoHasTheKey) {
  for (const auto kind : {ProbeKind::question, ProbeKind::answer}) {
    const auto probe = make_probe(sample_key(), kind, 0x1122334455667788);
    EXPECT_EQ(read_probe(sample_key(), kind, probe), 0x1122334455667788);
  }
}

TEST(Probe, IsNothingToAnybodyElse) {
  auto other = sample_key();
  other[31] ^= std::byte{1};
  EXPECT_FALSE(
      read_probe(other, ProbeKind::question, make_probe(sample_key(), ProbeKind::question, 1)));
}

TEST(Probe, AQuestionIsNoAnswer) {
  EXPECT_FALSE(read_probe(sample_key(), ProbeKind::answer,
                          make_probe(sample_key(), ProbeKind::question, 1)));
  EXPECT_FALSE(read_probe(sample_key(), ProbeKind::question,
                          make_probe(sample_key(), ProbeKind::answer, 1)));
}

TEST(Probe, EveryBitCounts) {
  const auto probe = make_probe(sample_key(), ProbeKind::answer, 7);
  for (std::size_t bit = 0; bit < probe.size() * 8; ++bit) {
    auto forged = probe;
    forged[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    EXPECT_FALSE(read_probe(sample_key(), ProbeKind::answer, forged)) << bit;
  }
}

TEST(Probe, OfAnotherLengthIsNone) {
  const auto probe = make_probe(sample_key(), ProbeKind::question, 7);
  for (std::size_t length = 0; length < probe.size(); ++length)
    EXPECT_FALSE(read_probe(sample_key(), ProbeKind::question, std::span(probe).first(length)));
  std::vector<std::byte> longer(probe.begin(), probe.end());
  longer.push_back(std::byte{0});
  EXPECT_FALSE(read_probe(sample_key(), ProbeKind::question, longer));
}

}  // namespace
}  // namespace prun::liveness
