#include "runtime/security/records.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "runtime/security/random.hpp"
#include "runtime/wire/codec.hpp"

namespace prun::security {
namespace {

using Bytes = std::vector<std::byte>;

Key some_key(int seed) {
  Key key{};
  key.fill(static_cast<std::byte>(seed));
  return key;
}

Bytes text_of(std::size_t length, int seed = 1) {
  Bytes text(length);
  for (std::size_t i = 0; i < length; ++i)
    text[i] = static_cast<std::byte>(seed + static_cast<int>(i) * 31 % 251);
  return text;
}

Bytes sealed(RecordCipher& cipher, const Bytes& text) {
  Bytes out;
  seal_all(cipher, text, out);
  return out;
}

// All that a reader makes of these bytes, and whether it found them good.
struct Heard {
  Bytes text;
  bool good = true;
};
Heard hear(RecordReader& reader, Bytes bytes) {
  Heard heard;
  const auto taken = reader.take(bytes, [&](std::span<const std::byte> text) {
    heard.text.insert(heard.text.end(), text.begin(), text.end());
    return true;
  });
  heard.good = taken.ok();
  return heard;
}

TEST(Records, ComeThroughHoweverTheyAreCut) {
  Bytes stream;
  Bytes expected;
  RecordCipher sender(some_key(1));
  for (const std::size_t length :
       {std::size_t{1}, std::size_t{2}, std::size_t{40}, std::size_t{1000}, max_record_text_bytes,
        max_record_text_bytes + 1, 3 * max_record_text_bytes}) {
    const Bytes text = text_of(length, static_cast<int>(length));
    const Bytes records = sealed(sender, text);
    stream.insert(stream.end(), records.begin(), records.end());
    expected.insert(expected.end(), text.begin(), text.end());
  }
  for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{17},
                                  std::size_t{4096}, std::size_t{65536}, stream.size()}) {
    RecordReader reader(some_key(1));
    Bytes got;
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      const std::size_t end = std::min(stream.size(), at + piece);
      const auto heard = hear(reader, Bytes(stream.begin() + static_cast<std::ptrdiff_t>(at),
                                            stream.begin() + static_cast<std::ptrdiff_t>(end)));
      ASSERT_TRUE(heard.good) << piece;
      got.insert(got.end(), heard.text.begin(), heard.text.end());
    }
    EXPECT_EQ(got, expected) << "in pieces of " << piece;
    EXPECT_TRUE(reader.whole());
  }
}

TEST(Records, SayNothingOfTheirText) {
  RecordCipher sender(some_key(1));
  const Bytes text(64, std::byte{'s'});
  const Bytes first = sealed(sender, text);
  const Bytes second = sealed(sender, text);
  EXPECT_EQ(first.size(), text.size() + record_extra_bytes);
  EXPECT_EQ(std::search(first.begin(), first.end(), text.begin(), text.begin() + 4), first.end());
  EXPECT_NE(first, second) << "the same text gives the same bytes";
}

TEST(Records, WithAnyByteAlteredDoNotOpen) {
  RecordCipher sender(some_key(1));
  const Bytes record = sealed(sender, text_of(48));
  for (std::size_t at = 0; at < record.size(); ++at) {
    for (const std::byte bit : {std::byte{1}, std::byte{0x80}}) {
      RecordReader reader(some_key(1));
      Bytes altered = record;
      altered[at] ^= bit;
      const Heard heard = hear(reader, altered);
      EXPECT_TRUE(heard.text.empty()) << "byte " << at;
      // A longer length makes it wait for more, and fail with that.
      const bool waits = at < record_length_bytes && heard.good;
      EXPECT_TRUE(!heard.good || waits) << "byte " << at;
      if (waits) {
        EXPECT_FALSE(hear(reader, Bytes(max_record_bytes)).good);
      }
    }
  }
}

TEST(Records, RepeatedLeftOutOrMovedDoNotOpen) {
  RecordCipher sender(some_key(1));
  std::array<Bytes, 3> records;
  for (auto& record : records) record = sealed(sender, text_of(100));
  const auto play = [&](std::initializer_list<int> order) {
    RecordReader reader(some_key(1));
    Bytes stream;
    for (const int i : order) {
      const Bytes& record = records[static_cast<std::size_t>(i)];
      stream.insert(stream.end(), record.begin(), record.end());
    }
    const Heard heard = hear(reader, stream);
    return std::pair(heard.good, heard.text.size() / 100);
  };
  EXPECT_EQ(play({0, 1, 2}), std::pair(true, std::size_t{3}));
  EXPECT_EQ(play({0, 0}), std::pair(false, std::size_t{1})) << "repeated";
  EXPECT_EQ(play({0, 2}), std::pair(false, std::size_t{1})) << "one left out";
  EXPECT_EQ(play({1}), std::pair(false, std::size_t{0})) << "the first left out";
  EXPECT_EQ(play({0, 2, 1}), std::pair(false, std::size_t{1})) << "moved";
}

TEST(Records, OfImpossibleLengthsAreRefusedBeforeTheyAreAwaited) {
  constexpr auto too_long = static_cast<std::uint16_t>(max_record_text_bytes + 1);
  for (const std::uint16_t length : {std::uint16_t{0}, too_long, std::uint16_t{65535}}) {
    RecordReader reader(some_key(1));
    Bytes head(record_length_bytes);
    wire::store_little(head.data(), length);
    EXPECT_FALSE(hear(reader, head).good) << length;
    // The same when the length comes byte by byte.
    RecordReader slow(some_key(1));
    EXPECT_TRUE(hear(slow, {head[0]}).good);
    EXPECT_FALSE(hear(slow, {head[1]}).good) << length;
  }
}

TEST(Records, CutShortStayUnheard) {
  RecordCipher sender(some_key(1));
  Bytes record = sealed(sender, text_of(500));
  record.pop_back();
  RecordReader reader(some_key(1));
  const Heard heard = hear(reader, record);
  EXPECT_TRUE(heard.good);
  EXPECT_TRUE(heard.text.empty());
  EXPECT_FALSE(reader.whole());
}

TEST(Records, ChangeTheirKeyAndGoOn) {
  RecordCipher sender(some_key(1));
  RecordReader reader(some_key(1));
  const Bytes text = text_of(1);
  for (std::uint64_t i = 0; i < 2 * records_of_a_key + 3; ++i) {
    const Heard heard = hear(reader, sealed(sender, text));
    ASSERT_TRUE(heard.good) << i;
    ASSERT_EQ(heard.text, text);
  }
  // Which is not that of the beginning: without the change this record would open.
  RecordCipher same(some_key(1));
  for (std::uint64_t i = 0; i < records_of_a_key; ++i) sealed(same, text);
  Bytes record = sealed(same, text);
  RecordCipher unchanged(derive_key(some_key(1), "prun next key"));
  EXPECT_FALSE(unchanged.open(record)) << "its number goes on with the new key";
}

class Keys : public ::testing::Test {
 protected:
  static RecordKeys connectors(const Hello& hello, const Challenge& challenge) {
    return connector_keys(job, hello, challenge);
  }
  static Hello hello(bool encrypted = true) {
    return make_hello(job, {7, 0, 1, encrypted}, fresh_nonce());
  }
  static inline const Key job = some_key(9);
};

TEST_F(Keys, AreThoseOfTheOtherSideAndDifferByDirection) {
  const Hello said = hello();
  const Challenge answer = make_challenge(job, said, Verdict::go_on, fresh_nonce());
  const RecordKeys one = connectors(said, answer);
  const RecordKeys other = acceptor_keys(job, said, answer);
  EXPECT_EQ(one.outgoing, other.incoming);
  EXPECT_EQ(one.incoming, other.outgoing);
  EXPECT_NE(one.incoming, one.outgoing);
}

TEST_F(Keys, DifferWithEachNonce) {
  const Hello said = hello();
  const Challenge answer = make_challenge(job, said, Verdict::go_on, fresh_nonce());
  const RecordKeys keys = connectors(said, answer);
  const RecordKeys other_answer =
      connectors(said, make_challenge(job, said, Verdict::go_on, fresh_nonce()));
  EXPECT_NE(keys.outgoing, other_answer.outgoing);
  EXPECT_NE(keys.incoming, other_answer.incoming);
  const Hello again = hello();
  const RecordKeys other_hello = connectors(again, answer);
  EXPECT_NE(keys.outgoing, other_hello.outgoing);
  EXPECT_NE(keys.incoming, other_hello.incoming);
}

TEST_F(Keys, RecordsReflectedDoNotOpen) {
  const Hello said = hello();
  const Challenge answer = make_challenge(job, said, Verdict::go_on, fresh_nonce());
  const RecordKeys keys = connectors(said, answer);
  RecordCipher sender(keys.outgoing);
  RecordReader own_ear(keys.incoming);
  EXPECT_FALSE(hear(own_ear, sealed(sender, text_of(10))).good);
}

TEST_F(Keys, RecordsOfAnotherConnectionDoNotOpen) {
  const Hello said = hello();
  const RecordKeys then =
      connectors(said, make_challenge(job, said, Verdict::go_on, fresh_nonce()));
  const RecordKeys now =
      acceptor_keys(job, said, make_challenge(job, said, Verdict::go_on, fresh_nonce()));
  RecordCipher sender(then.outgoing);
  RecordReader reader(now.incoming);
  EXPECT_FALSE(hear(reader, sealed(sender, text_of(10))).good);
}

TEST_F(Keys, WishToEncryptIsUnderTheHash) {
  const auto read = read_hello(job, hello());
  ASSERT_TRUE(read.ok());
  EXPECT_TRUE(read.value().encrypted);
  EXPECT_FALSE(read_hello(job, hello(false)).value().encrypted);
  Hello downgraded = hello();
  downgraded[10] = std::byte{0};
  EXPECT_FALSE(read_hello(job, downgraded).ok());
}

}  // namespace
}  // namespace prun::security
