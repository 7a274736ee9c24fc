// Both sides of the handshake: bytes of strangers, true messages with bytes changed, and messages of
// somebody who holds the key and lies.

#include <algorithm>
#include <cstring>

#include "runtime/security/handshake.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/targets.hpp"

namespace prun::fuzz {
namespace {

using namespace prun::security;

constexpr Key key = [] {
  Key made{};
  for (std::size_t i = 0; i < made.size(); ++i) made[i] = static_cast<std::byte>(i * 7 + 1);
  return made;
}();
constexpr Parties parties{0x1234567890abcdef, 3, 5};

template <class Message>
Message taken(Input& input) {
  Message message{};
  const auto bytes = input.take(message.size());
  std::copy(bytes.begin(), bytes.end(), message.begin());
  return message;
}

// Some bytes of a true message become others. Whether it differs now.
template <class Message>
bool change(Message& message, Input& input) {
  const Message before = message;
  for (std::size_t changes = 1 + input.up_to(3); changes > 0; --changes)
    message[input.up_to(message.size() - 1)] = static_cast<std::byte>(input.u8());
  return message != before;
}

void strangers(Input& input) {
  const Hello hello = taken<Hello>(input);
  const Challenge challenge = taken<Challenge>(input);
  const Proof proof = taken<Proof>(input);
  require(!read_hello(key, hello).ok(), "a stranger's hello is not believed");
  require(!read_challenge(key, hello, challenge).ok(), "a stranger's challenge is not believed");
  require(!proof_holds(key, hello, challenge, proof), "a stranger's proof does not hold");
}

void changed_messages(Input& input) {
  const Nonce nonce = taken<Nonce>(input);
  const Verdict verdict = input.flag() ? Verdict::go_on : Verdict::refused;
  Hello hello = make_hello(key, parties, nonce);
  Challenge challenge = make_challenge(key, hello, verdict, nonce);
  Proof proof = make_proof(key, hello, challenge);
  Welcome welcome = make_welcome(key, hello, challenge, proof);
  const auto heard = read_hello(key, hello);
  require(heard.ok() && heard.value().job_id == parties.job_id &&
              heard.value().connector == parties.connector &&
              heard.value().acceptor == parties.acceptor,
          "a true hello is believed");
  const auto answered = read_challenge(key, hello, challenge);
  require(answered.ok() && answered.value().verdict == verdict && answered.value().nonce == nonce,
          "a true challenge is believed");
  require(proof_holds(key, hello, challenge, proof), "a true proof holds");
  require(welcome_holds(key, hello, challenge, proof, welcome), "a true welcome is one");
  switch (input.up_to(3)) {
    case 0:
      if (!change(hello, input)) return;
      require(!read_hello(key, hello).ok(), "a changed hello is not believed");
      require(!read_challenge(key, hello, challenge).ok(), "a challenge answers one hello only");
      require(!proof_holds(key, hello, challenge, proof), "a proof belongs to one hello only");
      break;
    case 1:
      if (!change(challenge, input)) return;
      require(!read_challenge(key, hello, challenge).ok(), "a changed challenge is not believed");
      require(!proof_holds(key, hello, challenge, proof), "a proof belongs to one challenge only");
      break;
    case 2:
      if (!change(proof, input)) return;
      require(!proof_holds(key, hello, challenge, proof), "a changed proof does not hold");
      break;
    default:
      if (!change(welcome, input)) return;
      require(!welcome_holds(key, hello, challenge, proof, welcome), "a changed welcome is none");
      break;
  }
}

// Whoever holds the key may state any rank and job: they come out as stated, for the caller to judge.
void liars(Input& input) {
  const Parties stated{input.number(8), static_cast<std::int32_t>(input.u32()),
                       static_cast<std::int32_t>(input.u32())};
  const auto heard = read_hello(key, make_hello(key, stated, taken<Nonce>(input)));
  require(heard.ok() && heard.value().job_id == stated.job_id &&
              heard.value().connector == stated.connector &&
              heard.value().acceptor == stated.acceptor,
          "parties come out as they were stated");
  Key other = key;
  if (!change(other, input)) return;
  require(!read_hello(other, make_hello(key, stated, {})).ok(), "another job's key opens nothing");
}

}  // namespace

void handshake(Bytes bytes) {
  Input input(bytes);
  switch (input.up_to(2)) {
    case 0:
      strangers(input);
      break;
    case 1:
      changed_messages(input);
      break;
    default:
      liars(input);
      break;
  }
}

}  // namespace prun::fuzz
