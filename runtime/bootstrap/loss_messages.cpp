#include "runtime/bootstrap/loss_messages.hpp"

#include <algorithm>
#include <limits>

#include "runtime/bootstrap/checked.hpp"

namespace prun::bootstrap {
namespace {

using core::Result;
using wire::Reader;
using wire::Writer;

// Contexts come in pairs, and the counting of them must not come round.
constexpr std::uint32_t highest_context = std::numeric_limits<std::uint32_t>::max() - 3;

void put_ranks(Writer& out, const std::vector<std::uint32_t>& ranks) {
  out.u32(static_cast<std::uint32_t>(ranks.size()));
  for (const auto rank : ranks) out.u32(rank);
}

// At least one, each once.
std::vector<std::uint32_t> get_ranks(Reader& in) {
  std::vector<std::uint32_t> ranks(in.count(wire::max_ranks, 4));
  for (auto& rank : ranks) rank = in.u32();
  std::vector<std::uint32_t> sorted = ranks;
  std::sort(sorted.begin(), sorted.end());
  if (ranks.empty() || std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end() ||
      sorted.back() >= wire::max_ranks) {
    in.fail();
  }
  return ranks;
}

std::uint32_t get_context(Reader& in) {
  const std::uint32_t context = in.u32();
  if (context > highest_context) in.fail();
  return context;
}

}  // namespace

void PeerSuspected::encode(Writer& out) const {
  out.u32(rank);
  out.u32(peer);
  out.string(cause);
}

Result<PeerSuspected> PeerSuspected::decode(Reader& in) {
  PeerSuspected message;
  message.rank = in.u32();
  message.peer = in.u32();
  message.cause = in.string(wire::max_string_bytes);
  return checked(in, std::move(message), "peer_suspected");
}

void EndRank::encode(Writer& out) const {
  out.u32(rank);
}

Result<EndRank> EndRank::decode(Reader& in) {
  EndRank message;
  message.rank = in.u32();
  return checked(in, message, "end_rank");
}

void StartRank::encode(Writer& out) const {
  out.u32(rank);
  out.u32(incarnation);
}

Result<StartRank> StartRank::decode(Reader& in) {
  StartRank message;
  message.rank = in.u32();
  message.incarnation = in.u32();
  if (message.incarnation == 0) in.fail();
  return checked(in, message, "start_rank");
}

void SurvivorsAsked::encode(Writer& out) const {
  out.u32(rank);
  out.u32(context);
  out.u32(free_context);
  put_ranks(out, members);
}

Result<SurvivorsAsked> SurvivorsAsked::decode(Reader& in) {
  SurvivorsAsked message;
  message.rank = in.u32();
  message.context = get_context(in);
  message.free_context = get_context(in);
  message.members = get_ranks(in);
  if (std::find(message.members.begin(), message.members.end(), message.rank) ==
      message.members.end()) {
    in.fail();
  }
  return checked(in, std::move(message), "survivors_asked");
}

void SurvivorsAgreed::encode(Writer& out) const {
  out.u32(context);
  out.u32(new_context);
  put_ranks(out, members);
}

Result<SurvivorsAgreed> SurvivorsAgreed::decode(Reader& in) {
  SurvivorsAgreed message;
  message.context = get_context(in);
  message.new_context = get_context(in);
  message.members = get_ranks(in);
  return checked(in, std::move(message), "survivors_agreed");
}

}  // namespace prun::bootstrap
