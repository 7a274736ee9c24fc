#include "runtime/security/handshake.hpp"

#include <gtest/gtest.h>
#include <sodium.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "runtime/wire/codec.hpp"
#include "runtime/wire/limits.hpp"

namespace prun::security {
namespace {

Key key_of(int seed) {
  Key key;
  for (std::size_t i = 0; i < key.size(); ++i)
    key[i] = static_cast<std::byte>(seed + static_cast<int>(i) * 7);
  return key;
}

const Key key = key_of(1);
const Parties parties{0x1122334455667788, 3, 11};

constexpr const char* stranger_bytes = "a stranger: its first bytes are not prun's";
constexpr const char* stranger_key = "a stranger: it does not hold this job's key";

TEST(Handshake, GoodRunConvincesBothSides) {
  const Hello hello = make_hello(key, parties, fresh_nonce());
  const auto read = read_hello(key, hello);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read.value().job_id, parties.job_id);
  EXPECT_EQ(read.value().connector, 3);
  EXPECT_EQ(read.value().acceptor, 11);

  const Nonce nonce = fresh_nonce();
  const Challenge challenge = make_challenge(key, hello, Verdict::go_on, nonce);
  const auto contents = read_challenge(key, hello, challenge);
  ASSERT_TRUE(contents.ok());
  EXPECT_EQ(contents.value().verdict, Verdict::go_on);
  EXPECT_EQ(contents.value().nonce, nonce);

  const Proof proof = make_proof(key, hello, challenge);
  EXPECT_TRUE(proof_holds(key, hello, challenge, proof));
  const Welcome welcome = make_welcome(key, hello, challenge, proof);
  EXPECT_TRUE(welcome_holds(key, hello, challenge, proof, welcome));
}

TEST(Handshake, RefusalIsRead) {
  const Hello hello = make_hello(key, parties, fresh_nonce());
  const auto contents =
      read_challenge(key, hello, make_challenge(key, hello, Verdict::refused, fresh_nonce()));
  ASSERT_TRUE(contents.ok());
  EXPECT_EQ(contents.value().verdict, Verdict::refused);
}

TEST(Handshake, WrongKeyIsRefusedAtEachStep) {
  const Key other = key_of(2);
  const Hello forged = make_hello(other, parties, fresh_nonce());
  ASSERT_FALSE(read_hello(key, forged).ok());
  EXPECT_EQ(read_hello(key, forged).failure().text, stranger_key);
  EXPECT_EQ(read_hello(key, forged).failure().code, Errc::bad_data);

  const Hello hello = make_hello(key, parties, fresh_nonce());
  const auto answer =
      read_challenge(key, hello, make_challenge(other, hello, Verdict::go_on, fresh_nonce()));
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.failure().text, "answered without this job's key");

  const Challenge challenge = make_challenge(key, hello, Verdict::go_on, fresh_nonce());
  EXPECT_FALSE(proof_holds(key, hello, challenge, make_proof(other, hello, challenge)));
}

TEST(Handshake, HelloWithAnyByteAlteredIsRefused) {
  const Hello hello = make_hello(key, parties, fresh_nonce());
  for (std::size_t at = 0; at < hello.size(); ++at) {
    Hello altered = hello;
    altered[at] ^= std::byte{1};
    const auto read = read_hello(key, altered);
    ASSERT_FALSE(read.ok()) << "byte " << at;
    EXPECT_EQ(read.failure().text, at < 8 ? stranger_bytes : stranger_key) << "byte " << at;
  }
}

TEST(Handshake, ChallengeWithAnyByteAlteredIsRefused) {
  const Hello hello = make_hello(key, parties, fresh_nonce());
  const Challenge challenge = make_challenge(key, hello, Verdict::go_on, fresh_nonce());
  for (std::size_t at = 0; at < challenge.size(); ++at) {
    Challenge altered = challenge;
    altered[at] ^= std::byte{0x80};
    const auto read = read_challenge(key, hello, altered);
    ASSERT_FALSE(read.ok()) << "byte " << at;
    EXPECT_EQ(read.failure().text, "answered without this job's key");
  }
}

TEST(Handshake, ProofWithAnyByteAlteredIsRefused) {
  const Hello hello = make_hello(key, parties, fresh_nonce());
  const Challenge challenge = make_challenge(key, hello, Verdict::go_on, fresh_nonce());
  const Proof proof = make_proof(key, hello, challenge);
  for (std::size_t at = 0; at < proof.size(); ++at) {
    Proof altered = proof;
    altered[at] ^= std::byte{0x10};
    EXPECT_FALSE(proof_holds(key, hello, challenge, altered)) << "byte " << at;
  }
}

TEST(Handshake, WelcomeWithAnyByteAlteredIsNone) {
  const Hello hello = make_hello(key, parties, fresh_nonce());
  const Challenge challenge = make_challenge(key, hello, Verdict::go_on, fresh_nonce());
  const Proof proof = make_proof(key, hello, challenge);
  const Welcome welcome = make_welcome(key, hello, challenge, proof);
  for (std::size_t at = 0; at < welcome_bytes; ++at) {
    Welcome altered = welcome;
    altered[at] ^= std::byte{1};
    EXPECT_FALSE(welcome_holds(key, hello, challenge, proof, altered)) << "byte " << at;
  }
}

TEST(Handshake, NoncesDoNotRepeat) {
  std::set<Nonce> nonces;
  for (int i = 0; i < 1000; ++i) nonces.insert(fresh_nonce());
  EXPECT_EQ(nonces.size(), 1000u);
}

TEST(Handshake, ReplayedHelloMeetsAnotherChallengeAndItsOldProofIsWorthless) {
  const Hello recorded = make_hello(key, parties, fresh_nonce());
  const Challenge then = make_challenge(key, recorded, Verdict::go_on, fresh_nonce());
  const Proof proof = make_proof(key, recorded, then);
  const Challenge now = make_challenge(key, recorded, Verdict::go_on, fresh_nonce());
  EXPECT_NE(then, now);
  EXPECT_FALSE(proof_holds(key, recorded, now, proof));
}

TEST(Handshake, ChallengeOfAnotherHelloIsRefused) {
  const Hello mine = make_hello(key, parties, fresh_nonce());
  const Hello other = make_hello(key, parties, fresh_nonce());
  const Challenge recorded = make_challenge(key, other, Verdict::go_on, fresh_nonce());
  ASSERT_FALSE(read_challenge(key, mine, recorded).ok());
  EXPECT_EQ(read_challenge(key, mine, recorded).failure().text, "answered without this job's key");
}

TEST(Handshake, HashOfOneStepIsNoneOfAnother) {
  const Hello hello = make_hello(key, parties, fresh_nonce());
  const Challenge challenge = make_challenge(key, hello, Verdict::go_on, fresh_nonce());
  Proof from_hello;
  std::copy(hello.end() - 32, hello.end(), from_hello.begin());
  EXPECT_FALSE(proof_holds(key, hello, challenge, from_hello));
  Proof from_challenge;
  std::copy(challenge.end() - 32, challenge.end(), from_challenge.begin());
  EXPECT_FALSE(proof_holds(key, hello, challenge, from_challenge));
}

// The keyed hash of the wire format, written down a second time: what another version of prun, which
// holds the key, would send.
void keyed_hash(std::byte* out, std::string label, std::span<const std::byte> bytes) {
  for (const std::byte byte : bytes) label.push_back(static_cast<char>(byte));
  crypto_generichash(reinterpret_cast<unsigned char*>(out), 32,
                     reinterpret_cast<const unsigned char*>(label.data()), label.size(),
                     reinterpret_cast<const unsigned char*>(key.data()), key.size());
}

TEST(Handshake, HelloIsHashedAsTheWireFormatSays) {
  const Hello hello = make_hello(key, parties, fresh_nonce());
  Hello again = hello;
  keyed_hash(again.data() + 64, "prun hello", std::span(again).first(64));
  EXPECT_EQ(again, hello);
}

TEST(Handshake, AnotherVersionIsNamedBesideOurs) {
  Hello hello = make_hello(key, parties, fresh_nonce());
  EXPECT_EQ(wire::load_little<std::uint16_t>(hello.data() + 8), wire::data_protocol_version);
  wire::store_little(hello.data() + 8, std::uint16_t{513});
  keyed_hash(hello.data() + 64, "prun hello", std::span(hello).first(64));
  ASSERT_FALSE(read_hello(key, hello).ok());
  EXPECT_EQ(read_hello(key, hello).failure().text,
            "a rank that speaks version 513 of the data protocol, this one speaks " +
                std::to_string(wire::data_protocol_version));
}

TEST(Handshake, UnknownVerdictIsRefusedEvenWithTheKey) {
  const Hello hello = make_hello(key, parties, fresh_nonce());
  for (const int verdict : {0, 4, 255}) {
    Challenge challenge = make_challenge(key, hello, Verdict::go_on, fresh_nonce());
    challenge[0] = static_cast<std::byte>(verdict);
    std::vector<std::byte> hashed(hello.begin(), hello.end());
    hashed.insert(hashed.end(), challenge.begin(), challenge.begin() + 40);
    keyed_hash(challenge.data() + 40, "prun challenge", hashed);
    const auto read = read_challenge(key, hello, challenge);
    ASSERT_FALSE(read.ok()) << verdict;
    EXPECT_EQ(read.failure().text, "answered with an unknown verdict");
  }
}

}  // namespace
}  // namespace prun::security
