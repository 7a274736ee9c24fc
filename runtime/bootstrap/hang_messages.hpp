#pragma once

#include <prun/datatype.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "runtime/bootstrap/control_messages.hpp"

// What ranks say of what they wait for, when a job hangs or somebody wonders. Plain structs like
// those of control_messages.hpp; docs/wire_format.md gives every field, docs/hangs.md what becomes
// of it.
//
//   rank -> agent -> launcher   rank_stillness: unasked, when a wait has gone on for long, and when it
//                               has ended
//   launcher -> agent -> rank   hang_question
//   rank -> agent -> launcher   rank_state, in answer: of ranks that are in the library
//   agent -> launcher           host_states, in answer, behind the rank_state of its ranks
namespace prun::bootstrap {

// Answers carry at most so many entries of each kind; how many there are in all stands beside them.
inline constexpr std::size_t most_told = 32;

// Longest name of a source file and the like.
inline constexpr std::size_t max_place_bytes = 4096;

enum class Stillness : std::uint8_t {
  moving = 0,
  still = 1,             // nothing but a message can end the wait
  still_for_a_time = 2,  // the wait may end by itself: it has a deadline, say
};

struct RankStillness {
  static constexpr ControlKind kind = ControlKind::rank_stillness;
  std::uint32_t rank = 0;
  Stillness stillness = Stillness::moving;

  void encode(wire::Writer& out) const;
  static core::Result<RankStillness> decode(wire::Reader& in);
};

struct HangQuestion {
  static constexpr ControlKind kind = ControlKind::hang_question;
  std::uint32_t number = 0;  // returns in the answers

  void encode(wire::Writer& out) const;
  static core::Result<HangQuestion> decode(wire::Reader& in);
};

// A line of a program. Empty where none is known.
struct SourcePlace {
  std::string file;
  std::uint32_t line = 0;

  bool operator==(const SourcePlace&) const = default;
};

// An operation that somebody waits for.
struct AwaitedOperation {
  enum class Kind : std::uint8_t { send = 1, recv = 2, probe = 3, collective = 4, flush = 5 };
  static constexpr std::int32_t any = -1;
  static constexpr std::uint64_t any_count = ~std::uint64_t{0};

  Kind kind = Kind::recv;
  std::uint32_t context = 0;  // of point to point, also for a collective
  std::int32_t peer = any;    // rank of the job; a collective: its root, if it has one
  std::int32_t tag = any;
  std::uint64_t count = 0;  // elements sent, or room for them
  Datatype type;
  bool synchronous = false;  // a send that waits for its receive
  bool met = false;          // a receive whose message is on its way, a send that was asked for
  std::uint32_t call = 0;    // of a collective: its number on the communicator, from 1
  std::string name;          // of a collective
  SourcePlace started;       // where isend, irecv and the like stand
};

// A collective that this rank has entered.
struct CollectiveCall {
  std::string name;
  std::int32_t root = AwaitedOperation::any;  // rank of the communicator
  // Elements, where all members must agree on them.
  std::uint64_t count = AwaitedOperation::any_count;
  Datatype type;
  SourcePlace place;
};

// A communicator that this rank is a member of.
struct CommunicatorState {
  std::uint32_t context = 0;
  std::vector<std::uint32_t> members;      // ranks of the job; none: all of them, in order
  std::uint32_t calls = 0;                 // collectives entered so far
  std::vector<CollectiveCall> last_calls;  // the last of these, oldest first
};

// A message that is here, or announced, and that nobody has received.
struct UnreceivedMessage {
  std::uint32_t context = 0;
  std::uint32_t source = 0;
  std::int32_t tag = 0;
  std::uint64_t count = 0;
  Datatype type;
  bool synchronous = false;
};

// Messages between two ranks, as one of them has counted them.
struct LinkCount {
  std::uint32_t peer = 0;
  std::uint64_t sent = 0;
  std::uint64_t received = 0;

  bool operator==(const LinkCount&) const = default;
};

// A peer whose machine confirms nothing of what this rank has sent it.
struct SilentLink {
  std::uint32_t peer = 0;
  std::uint64_t ms = 0;  // for at least so long

  bool operator==(const SilentLink&) const = default;
};

struct RankState {
  static constexpr ControlKind kind = ControlKind::rank_state;
  std::uint32_t rank = 0;
  std::uint32_t number = 0;  // of the question
  bool waiting = false;      // asleep in the library; else it only looked in
  bool may_end_by_itself = false;
  std::uint32_t busy_permille = 0;  // of a core: what other threads of the rank use meanwhile
  std::uint64_t still_ms = 0;       // since when nothing has moved
  std::string call;                 // "recv", "wait_all"
  SourcePlace place;
  bool any_is_enough = false;  // one of the operations ends the wait, not only all of them
  std::vector<AwaitedOperation> operations;
  std::uint32_t operations_in_all = 0;
  std::vector<CommunicatorState> communicators;
  std::vector<UnreceivedMessage> messages;
  std::uint32_t messages_in_all = 0;
  std::vector<LinkCount> links;
  std::vector<SilentLink> silent;  // of those

  void encode(wire::Writer& out) const;
  static core::Result<RankState> decode(wire::Reader& in);
};

// What the agent can tell of ranks that did not answer.
struct ProcessState {
  enum class Doing : std::uint8_t {
    ended = 0,
    running = 1,
    asleep = 2,
    stopped = 3,
    reading_input = 4,
    in_the_kernel = 5,  // a disk that does not answer
  };
  std::uint32_t rank = 0;
  RankPhase phase = RankPhase::never_joined;
  Doing doing = Doing::running;
  std::uint32_t busy_permille = 0;  // of a core
};

struct HostStates {
  static constexpr ControlKind kind = ControlKind::host_states;
  std::uint32_t number = 0;
  std::vector<ProcessState> silent;

  void encode(wire::Writer& out) const;
  static core::Result<HostStates> decode(wire::Reader& in);
};

}  // namespace prun::bootstrap
