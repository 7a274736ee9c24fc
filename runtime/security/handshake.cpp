#include "runtime/security/handshake.hpp"

#include <sodium.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "runtime/core/assert.hpp"
#include "runtime/security/random.hpp"
#include "runtime/wire/codec.hpp"
#include "runtime/wire/limits.hpp"

namespace prun::security {
namespace {

constexpr std::string_view magic = "prun-dt\n";
constexpr std::size_t hello_head_bytes =
    64;  // what comes before the hash: 32 of header, 32 of nonce
constexpr std::size_t challenge_head_bytes = 40;  // 8 of verdict, 32 of nonce

using Digest = std::array<std::byte, 32>;

const unsigned char* raw(const std::byte* bytes) {
  return reinterpret_cast<const unsigned char*>(bytes);
}

// Keyed BLAKE2b over a label and parts. The parts have fixed lengths, so their joins are
// unambiguous.
Digest digest(const Key& key, std::string_view label,
              std::initializer_list<std::span<const std::byte>> parts) {
  PRUN_ASSERT(sodium_init() >= 0);
  crypto_generichash_state state;
  crypto_generichash_init(&state, raw(key.data()), key.size(), sizeof(Digest));
  crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(label.data()),
                            label.size());
  for (const auto part : parts) crypto_generichash_update(&state, raw(part.data()), part.size());
  Digest result;
  crypto_generichash_final(&state, reinterpret_cast<unsigned char*>(result.data()), result.size());
  return result;
}

bool same(const Digest& expected, std::span<const std::byte> given) {
  return given.size() == expected.size() &&
         sodium_memcmp(expected.data(), given.data(), expected.size()) == 0;
}

Digest hello_digest(const Key& key, const Hello& hello) {
  return digest(key, "prun hello", {std::span(hello).first(hello_head_bytes)});
}

Digest challenge_digest(const Key& key, const Hello& hello, const Challenge& challenge) {
  return digest(key, "prun challenge",
                {std::span(hello), std::span(challenge).first(challenge_head_bytes)});
}

Digest proof_digest(const Key& key, const Hello& hello, const Challenge& challenge) {
  return digest(key, "prun proof", {std::span(hello), std::span(challenge)});
}

}  // namespace

Key derive_key(const Key& key, std::string_view label) {
  return digest(key, label, {});
}

Nonce fresh_nonce() {
  Nonce nonce;
  random_bytes(nonce);
  return nonce;
}

Hello make_hello(const Key& key, const Parties& parties, const Nonce& nonce) {
  Hello hello{};
  const auto text = std::as_bytes(std::span(magic));
  std::copy(text.begin(), text.end(), hello.begin());
  wire::store_little(hello.data() + 8, wire::data_protocol_version);
  hello[10] = std::byte{parties.encrypted};
  wire::store_little(hello.data() + 12, static_cast<std::uint32_t>(parties.connector));
  wire::store_little(hello.data() + 16, static_cast<std::uint32_t>(parties.acceptor));
  wire::store_little(hello.data() + 24, parties.job_id);
  std::copy(nonce.begin(), nonce.end(), hello.begin() + 32);
  const Digest hash = hello_digest(key, hello);
  std::copy(hash.begin(), hash.end(), hello.begin() + hello_head_bytes);
  return hello;
}

core::Result<Parties> read_hello(const Key& key, const Hello& hello) {
  const auto text = std::as_bytes(std::span(magic));
  if (!std::equal(text.begin(), text.end(), hello.begin())) {
    return core::Failure{Errc::bad_data, "a stranger: its first bytes are not prun's"};
  }
  if (!same(hello_digest(key, hello), std::span(hello).subspan(hello_head_bytes))) {
    return core::Failure{Errc::bad_data, "a stranger: it does not hold this job's key"};
  }
  const auto version = wire::load_little<std::uint16_t>(hello.data() + 8);
  if (version != wire::data_protocol_version) {
    return core::Failure{Errc::bad_data, "a rank that speaks version " + std::to_string(version) +
                                             " of the data protocol, this one speaks " +
                                             std::to_string(wire::data_protocol_version)};
  }
  if (static_cast<std::uint8_t>(hello[10]) > 1)
    return core::Failure{Errc::bad_data, "a rank that wants an unknown protection"};
  Parties parties;
  parties.encrypted = hello[10] == std::byte{1};
  parties.connector =
      static_cast<std::int32_t>(wire::load_little<std::uint32_t>(hello.data() + 12));
  parties.acceptor = static_cast<std::int32_t>(wire::load_little<std::uint32_t>(hello.data() + 16));
  parties.job_id = wire::load_little<std::uint64_t>(hello.data() + 24);
  return parties;
}

Challenge make_challenge(const Key& key, const Hello& hello, Verdict verdict, const Nonce& nonce) {
  Challenge challenge{};
  challenge[0] = static_cast<std::byte>(verdict);
  std::copy(nonce.begin(), nonce.end(), challenge.begin() + 8);
  const Digest hash = challenge_digest(key, hello, challenge);
  std::copy(hash.begin(), hash.end(), challenge.begin() + challenge_head_bytes);
  return challenge;
}

core::Result<ChallengeContents> read_challenge(const Key& key, const Hello& hello,
                                               const Challenge& challenge) {
  if (!same(challenge_digest(key, hello, challenge),
            std::span(challenge).subspan(challenge_head_bytes))) {
    return core::Failure{Errc::bad_data, "answered without this job's key"};
  }
  ChallengeContents contents;
  contents.verdict = static_cast<Verdict>(challenge[0]);
  if (contents.verdict != Verdict::go_on && contents.verdict != Verdict::refused &&
      contents.verdict != Verdict::other_protection) {
    return core::Failure{Errc::bad_data, "answered with an unknown verdict"};
  }
  std::copy_n(challenge.begin() + 8, contents.nonce.size(), contents.nonce.begin());
  return contents;
}

Proof make_proof(const Key& key, const Hello& hello, const Challenge& challenge) {
  return proof_digest(key, hello, challenge);
}

bool proof_holds(const Key& key, const Hello& hello, const Challenge& challenge,
                 const Proof& proof) {
  return same(proof_digest(key, hello, challenge), proof);
}

Welcome make_welcome(const Key& key, const Hello& hello, const Challenge& challenge,
                     const Proof& proof) {
  return digest(key, "prun welcome", {hello, challenge, proof});
}

bool welcome_holds(const Key& key, const Hello& hello, const Challenge& challenge,
                   const Proof& proof, const Welcome& welcome) {
  return same(make_welcome(key, hello, challenge, proof), welcome);
}

Key record_key(const Key& key, std::string_view label, const Hello& hello,
               const Challenge& challenge) {
  return digest(key, label, {hello, challenge});
}

}  // namespace prun::security
