#include "launcher/hang/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace prun::hang {
namespace {

using bootstrap::AwaitedOperation;
using bootstrap::ProcessState;
using bootstrap::RankPhase;
using bootstrap::RankState;

constexpr std::size_t most_runs = 12;       // of ranks in one list
constexpr std::size_t most_operations = 3;  // of one wait

std::string runs_text(const std::vector<std::uint32_t>& ranks) {
  std::string text;
  std::size_t runs = 0;
  for (std::size_t i = 0; i < ranks.size();) {
    if (++runs > most_runs) return text + fmt::format(" and {} more", ranks.size() - i);
    std::size_t last = i;
    while (last + 1 < ranks.size() && ranks[last + 1] == ranks[last] + 1) ++last;
    if (!text.empty()) text += ", ";
    text += fmt::format("{}", ranks[i]);
    if (last > i) text += fmt::format("{}{}", last > i + 1 ? "-" : ", ", ranks[last]);
    i = last + 1;
  }
  return text;
}

std::string of_communicator(const RankState& state, std::uint32_t context) {
  return context == 0 ? std::string() : " of " + communicator_text(state, context);
}

std::string count_in_brackets(const AwaitedOperation& operation) {
  if (operation.count == AwaitedOperation::any_count)
    return fmt::format(" ({}, any number)", to_string(operation.type));
  return fmt::format(" ({})", elements_text(operation.count, operation.type));
}

// How the program has called it.
std::string name_of(const AwaitedOperation& operation, std::string_view call) {
  switch (operation.kind) {
    case AwaitedOperation::Kind::send:
      return operation.synchronous ? "ssend" : "send";
    case AwaitedOperation::Kind::recv:
      return "recv";
    case AwaitedOperation::Kind::probe:
      return "probe";
    case AwaitedOperation::Kind::collective:
      return operation.name;
    case AwaitedOperation::Kind::flush:
      break;
  }
  return std::string(call);
}

bool is_begun_elsewhere(const RankState& state, const AwaitedOperation& operation) {
  return operation.started.line != 0 && !(operation.started == state.place);
}

std::string waiting_text(const RankState& state, bool brief) {
  std::string text = "is in ";
  const bool is_the_call = state.operations_in_all == 1 && state.operations.size() == 1 &&
                           state.call != "finalize" &&
                           !is_begun_elsewhere(state, state.operations.front());
  if (brief) {
    text += is_the_call ? name_of(state.operations.front(), state.call) : state.call;
  } else if (is_the_call) {
    text += operation_text(state, state.operations.front());
  } else {
    text += state.call;
    std::string_view separator = state.any_is_enough ? " for any of: " : " for ";
    for (std::size_t i = 0; i < std::min(state.operations.size(), most_operations); ++i) {
      const auto& operation = state.operations[i];
      text += fmt::format("{}{}", separator, operation_text(state, operation));
      if (is_begun_elsewhere(state, operation))
        text += fmt::format(", begun at {}", place_text(operation.started));
      separator = "; ";
    }
    if (state.operations_in_all > most_operations && !state.operations.empty())
      text += fmt::format("; and {} more", state.operations_in_all - most_operations);
  }
  if (state.place.line != 0) text += ", at " + place_text(state.place);
  if (state.may_end_by_itself) text += ", with a deadline";
  return text;
}

std::string process_text(const ProcessState& process) {
  const std::string share = fmt::format("{} % of a core", process.busy_permille / 10);
  const bool is_busy = process.busy_permille >= 100;
  std::string doing;
  switch (process.doing) {
    case ProcessState::Doing::ended:
      return "is ending";
    case ProcessState::Doing::stopped:
      doing = "is stopped (by SIGSTOP, or a debugger)";
      break;
    case ProcessState::Doing::reading_input:
      doing = "waits for its standard input";
      break;
    case ProcessState::Doing::in_the_kernel:
      doing = "waits for a disk or a file system of the network";
      break;
    case ProcessState::Doing::running:
      doing = "computes (" + share + ")";
      break;
    case ProcessState::Doing::asleep:
      doing = is_busy ? "computes (" + share + ")"
                      : "sleeps outside prun (a pause, a lock, a file or socket of its own)";
      break;
  }
  switch (process.phase) {
    case RankPhase::never_joined:
      return doing + " and has not made a prun::Environment";
    case RankPhase::finalized:
      return doing + " and has left prun by finalize";
    case RankPhase::joined:
      break;
  }
  return doing;
}

}  // namespace

std::string ranks_text(const std::vector<std::uint32_t>& ranks) {
  return (ranks.size() == 1 ? "rank " : "ranks ") + runs_text(ranks);
}

std::string place_text(const bootstrap::SourcePlace& place) {
  if (place.line == 0) return {};
  const auto slash = place.file.rfind('/');
  std::string text = slash == place.file.npos ? place.file : place.file.substr(slash + 1);
  // It stands on somebody's terminal.
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 127; }, '?');
  return fmt::format("{}:{}", text, place.line);
}

std::string place_in_brackets(const bootstrap::SourcePlace& place) {
  return place.line == 0 ? std::string() : " (" + place_text(place) + ")";
}

std::string elements_text(std::uint64_t count, const Datatype& type) {
  return fmt::format("{} x {}", count, to_string(type));
}

const bootstrap::CommunicatorState* find_communicator(const RankState& state,
                                                      std::uint32_t context) {
  const auto found = std::find_if(state.communicators.begin(), state.communicators.end(),
                                  [&](const auto& one) { return one.context == context; });
  return found == state.communicators.end() ? nullptr : &*found;
}

std::string communicator_text(const RankState& state, std::uint32_t context) {
  if (context == 0) return "the world";
  std::string text = fmt::format("communicator {}", context / 2);
  const auto* communicator = find_communicator(state, context);
  if (communicator == nullptr || communicator->members.empty()) return text;
  auto members = communicator->members;
  std::sort(members.begin(), members.end());
  return text + fmt::format(" ({} of the job)", ranks_text(members));
}

std::string peer_text(const RankState& state, std::uint32_t context, std::int32_t peer) {
  if (peer < 0) return "any rank";
  const auto* communicator = context == 0 ? nullptr : find_communicator(state, context);
  if (communicator == nullptr || communicator->members.empty()) return std::to_string(peer);
  const auto& members = communicator->members;
  const auto found = std::find(members.begin(), members.end(), static_cast<std::uint32_t>(peer));
  const auto rank = found - members.begin();
  if (found == members.end()) return fmt::format("rank {} of the job", peer);
  return rank == peer ? std::to_string(peer) : fmt::format("{} (rank {} of the job)", rank, peer);
}

std::string tag_text(std::int32_t tag) {
  return tag < 0 ? "any tag" : fmt::format("tag {}", tag);
}

std::string operation_text(const RankState& state, const AwaitedOperation& operation) {
  const std::string peer = peer_text(state, operation.context, operation.peer);
  const std::string name = name_of(operation, state.call);
  const std::string where = of_communicator(state, operation.context);
  switch (operation.kind) {
    case AwaitedOperation::Kind::send:
      return fmt::format("{} to {}, {}{}{}{}", name, peer, tag_text(operation.tag),
                         count_in_brackets(operation), where, operation.met ? ", under way" : "");
    case AwaitedOperation::Kind::recv:
      return fmt::format("{} from {}, {}{}{}{}", name, peer, tag_text(operation.tag),
                         count_in_brackets(operation), where, operation.met ? ", under way" : "");
    case AwaitedOperation::Kind::probe:
      return fmt::format("{} from {}, {}{}", name, peer, tag_text(operation.tag), where);
    case AwaitedOperation::Kind::collective: {
      std::string text = fmt::format("{} #{}", name, operation.call);
      if (operation.peer >= 0) text += fmt::format(", root {}", operation.peer);
      if (operation.name != "barrier" && operation.count != AwaitedOperation::any_count)
        text += count_in_brackets(operation);
      return text + where;
    }
    case AwaitedOperation::Kind::flush:
      break;
  }
  return operation.peer < 0 ? fmt::format("{} (what it sent has not left yet)", name)
                            : fmt::format("{} to {} (the data has not left yet)", name, peer);
}

std::string duration_text(std::uint64_t milliseconds) {
  if (milliseconds < 9'950) return fmt::format("{:.1f} s", static_cast<double>(milliseconds) / 1e3);
  if (milliseconds < 120'000) return fmt::format("{} s", (milliseconds + 500) / 1000);
  if (milliseconds < 7'200'000) return fmt::format("{} min", (milliseconds + 30'000) / 60'000);
  return fmt::format("{} h", (milliseconds + 1'800'000) / 3'600'000);
}

std::string doing_text(const RankFacts& rank, bool brief) {
  if (rank.end) return "has " + *rank.end;
  if (rank.state) {
    if (rank.state->waiting) return waiting_text(*rank.state, brief);
    return "goes on: messages move, or it polls (test, iprobe)";
  }
  if (rank.process) return process_text(*rank.process);
  return "is on a host that does not answer";
}

}  // namespace prun::hang
