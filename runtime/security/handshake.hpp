#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "runtime/core/result.hpp"

// How two ranks prove to each other that they hold the key of the job before anything else is
// believed.
//
//   connector -> acceptor   hello      who calls whom in which job, a nonce, a hash over both
//   acceptor -> connector   challenge  go on, or refused; its own nonce, a hash over both nonces
//   connector -> acceptor   proof      a hash over both nonces
//   acceptor -> connector   welcome    a hash over all of it: frames may flow
//
// The hash is BLAKE2b keyed with the job key (libsodium's crypto_generichash). Each step hashes
// under a label of its own, so that no message can be played back as another; fresh nonces on both
// sides make recordings useless. Pure functions over bytes; docs/wire_format.md gives the layout.
namespace prun::security {

using Key = std::array<std::byte, 32>;
using Nonce = std::array<std::byte, 32>;

inline constexpr std::size_t hello_bytes = 96;
inline constexpr std::size_t challenge_bytes = 72;
inline constexpr std::size_t proof_bytes = 32;
inline constexpr std::size_t welcome_bytes = 32;

using Hello = std::array<std::byte, hello_bytes>;
using Challenge = std::array<std::byte, challenge_bytes>;
using Proof = std::array<std::byte, proof_bytes>;
using Welcome = std::array<std::byte, welcome_bytes>;

// Who wants to talk to whom, and how.
struct Parties {
  std::uint64_t job_id = 0;
  std::int32_t connector = 0;  // world ranks
  std::int32_t acceptor = 0;
  bool encrypted = false;  // what follows the handshake is records, see records.hpp
};

enum class Verdict : std::uint8_t {
  go_on = 1,
  refused = 2,           // there is a connection between the two already, or about to be
  other_protection = 3,  // one of the two wants encryption and the other does not
};

struct ChallengeContents {
  Verdict verdict;
  Nonce nonce;
};

// Another key made of this one, for handshakes that must not pass as those of ranks.
Key derive_key(const Key& key, std::string_view label);

Nonce fresh_nonce();

Hello make_hello(const Key& key, const Parties& parties, const Nonce& nonce);
// The parties, if the sender holds the key and speaks this protocol version.
core::Result<Parties> read_hello(const Key& key, const Hello& hello);

Challenge make_challenge(const Key& key, const Hello& hello, Verdict verdict, const Nonce& nonce);
core::Result<ChallengeContents> read_challenge(const Key& key, const Hello& hello,
                                               const Challenge& challenge);

Proof make_proof(const Key& key, const Hello& hello, const Challenge& challenge);
bool proof_holds(const Key& key, const Hello& hello, const Challenge& challenge,
                 const Proof& proof);

Welcome make_welcome(const Key& key, const Hello& hello, const Challenge& challenge,
                     const Proof& proof);
bool welcome_holds(const Key& key, const Hello& hello, const Challenge& challenge,
                   const Proof& proof, const Welcome& welcome);

// A key for what follows, of the job key and everything that both sides have said. Known to them
// alone, and another for each label and each handshake.
Key record_key(const Key& key, std::string_view label, const Hello& hello,
               const Challenge& challenge);

}  // namespace prun::security
