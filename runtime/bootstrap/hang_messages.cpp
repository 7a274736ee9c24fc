#include "runtime/bootstrap/hang_messages.hpp"

#include "runtime/bootstrap/checked.hpp"

namespace prun::bootstrap {
namespace {

using core::Result;
using wire::Reader;
using wire::Writer;

template <class Enumeration>
void put_enum(Writer& out, Enumeration value) {
  out.u8(static_cast<std::uint8_t>(value));
}

template <class Enumeration>
Enumeration get_enum(Reader& in, Enumeration first, Enumeration last) {
  const std::uint8_t value = in.u8();
  if (value < static_cast<std::uint8_t>(first) || value > static_cast<std::uint8_t>(last))
    in.fail();
  return in.ok() ? static_cast<Enumeration>(value) : first;
}

template <class Entry>
void put_list(Writer& out, const std::vector<Entry>& list, void (*put)(Writer&, const Entry&)) {
  out.u32(static_cast<std::uint32_t>(list.size()));
  for (const Entry& entry : list) put(out, entry);
}

template <class Entry>
std::vector<Entry> get_list(Reader& in, std::size_t limit, std::size_t entry_bytes,
                            Entry (*get)(Reader&)) {
  std::vector<Entry> list(in.count(limit, entry_bytes));
  for (Entry& entry : list) entry = get(in);
  return list;
}

void put_type(Writer& out, const Datatype& type) {
  put_enum(out, type.kind);
  out.u32(type.size);
  out.u64(type.name_hash);
}

Datatype get_type(Reader& in) {
  Datatype type;
  type.kind = get_enum(in, Kind::bytes, Kind::serialized);
  type.size = in.u32();
  type.name_hash = in.u64();
  return type;
}

// How many elements, and of which type: of whatever message or call has both.
template <class Elements>
void put_elements(Writer& out, const Elements& elements) {
  out.u64(elements.count);
  put_type(out, elements.type);
}

template <class Elements>
void get_elements(Reader& in, Elements& elements) {
  elements.count = in.u64();
  elements.type = get_type(in);
}

void put_place(Writer& out, const SourcePlace& place) {
  out.string(place.file);
  out.u32(place.line);
}

SourcePlace get_place(Reader& in) {
  SourcePlace place;
  place.file = in.string(max_place_bytes);
  place.line = in.u32();
  return place;
}

void put_operation(Writer& out, const AwaitedOperation& operation) {
  put_enum(out, operation.kind);
  out.u32(operation.context);
  out.i32(operation.peer);
  out.i32(operation.tag);
  put_elements(out, operation);
  put_bool(out, operation.synchronous);
  put_bool(out, operation.met);
  out.u32(operation.call);
  out.string(operation.name);
  put_place(out, operation.started);
}

AwaitedOperation get_operation(Reader& in) {
  AwaitedOperation operation;
  operation.kind = get_enum(in, AwaitedOperation::Kind::send, AwaitedOperation::Kind::flush);
  operation.context = in.u32();
  operation.peer = in.i32();
  operation.tag = in.i32();
  get_elements(in, operation);
  operation.synchronous = get_bool(in);
  operation.met = get_bool(in);
  operation.call = in.u32();
  operation.name = in.string(max_place_bytes);
  operation.started = get_place(in);
  return operation;
}

void put_call(Writer& out, const CollectiveCall& call) {
  out.string(call.name);
  out.i32(call.root);
  put_elements(out, call);
  put_place(out, call.place);
}

CollectiveCall get_call(Reader& in) {
  CollectiveCall call;
  call.name = in.string(max_place_bytes);
  call.root = in.i32();
  get_elements(in, call);
  call.place = get_place(in);
  return call;
}

void put_u32(Writer& out, const std::uint32_t& value) {
  out.u32(value);
}

std::uint32_t get_u32(Reader& in) {
  return in.u32();
}

void put_communicator(Writer& out, const CommunicatorState& communicator) {
  out.u32(communicator.context);
  put_list(out, communicator.members, put_u32);
  out.u32(communicator.calls);
  put_list(out, communicator.last_calls, put_call);
}

CommunicatorState get_communicator(Reader& in) {
  CommunicatorState communicator;
  communicator.context = in.u32();
  communicator.members = get_list(in, wire::max_ranks, 4, get_u32);
  communicator.calls = in.u32();
  communicator.last_calls = get_list(in, most_told, 37, get_call);
  if (communicator.last_calls.size() > communicator.calls) in.fail();
  return communicator;
}

void put_message(Writer& out, const UnreceivedMessage& message) {
  out.u32(message.context);
  out.u32(message.source);
  out.i32(message.tag);
  put_elements(out, message);
  put_bool(out, message.synchronous);
}

UnreceivedMessage get_message(Reader& in) {
  UnreceivedMessage message;
  message.context = in.u32();
  message.source = in.u32();
  message.tag = in.i32();
  get_elements(in, message);
  message.synchronous = get_bool(in);
  return message;
}

void put_link(Writer& out, const LinkCount& link) {
  out.u32(link.peer);
  out.u64(link.sent);
  out.u64(link.received);
}

LinkCount get_link(Reader& in) {
  LinkCount link;
  link.peer = in.u32();
  link.sent = in.u64();
  link.received = in.u64();
  return link;
}

void put_silent(Writer& out, const SilentLink& link) {
  out.u32(link.peer);
  out.u64(link.ms);
}

SilentLink get_silent(Reader& in) {
  SilentLink link;
  link.peer = in.u32();
  link.ms = in.u64();
  return link;
}

void put_process(Writer& out, const ProcessState& process) {
  out.u32(process.rank);
  put_enum(out, process.phase);
  put_enum(out, process.doing);
  out.u32(process.busy_permille);
}

ProcessState get_process(Reader& in) {
  ProcessState process;
  process.rank = in.u32();
  process.phase = get_enum(in, RankPhase::never_joined, RankPhase::finalized);
  process.doing = get_enum(in, ProcessState::Doing::ended, ProcessState::Doing::in_the_kernel);
  process.busy_permille = in.u32();
  return process;
}

}  // namespace

void RankStillness::encode(Writer& out) const {
  out.u32(rank);
  put_enum(out, stillness);
}

Result<RankStillness> RankStillness::decode(Reader& in) {
  RankStillness message;
  message.rank = in.u32();
  message.stillness = get_enum(in, Stillness::moving, Stillness::still_for_a_time);
  return checked(in, message, "rank_stillness");
}

void HangQuestion::encode(Writer& out) const {
  out.u32(number);
}

Result<HangQuestion> HangQuestion::decode(Reader& in) {
  HangQuestion message;
  message.number = in.u32();
  return checked(in, message, "hang_question");
}

void RankState::encode(Writer& out) const {
  out.u32(rank);
  out.u32(number);
  put_bool(out, waiting);
  put_bool(out, may_end_by_itself);
  out.u32(busy_permille);
  out.u64(still_ms);
  out.string(call);
  put_place(out, place);
  put_bool(out, any_is_enough);
  put_list(out, operations, put_operation);
  out.u32(operations_in_all);
  put_list(out, communicators, put_communicator);
  put_list(out, messages, put_message);
  out.u32(messages_in_all);
  put_list(out, links, put_link);
  put_list(out, silent, put_silent);
}

Result<RankState> RankState::decode(Reader& in) {
  RankState message;
  message.rank = in.u32();
  message.number = in.u32();
  message.waiting = get_bool(in);
  message.may_end_by_itself = get_bool(in);
  message.busy_permille = in.u32();
  message.still_ms = in.u64();
  message.call = in.string(max_place_bytes);
  message.place = get_place(in);
  message.any_is_enough = get_bool(in);
  message.operations = get_list(in, most_told, 56, get_operation);
  message.operations_in_all = in.u32();
  message.communicators = get_list(in, most_told, 16, get_communicator);
  message.messages = get_list(in, most_told, 34, get_message);
  message.messages_in_all = in.u32();
  message.links = get_list(in, wire::max_ranks, 20, get_link);
  message.silent = get_list(in, most_told, 12, get_silent);
  return checked(in, std::move(message), "rank_state");
}

void HostStates::encode(Writer& out) const {
  out.u32(number);
  put_list(out, silent, put_process);
}

Result<HostStates> HostStates::decode(Reader& in) {
  HostStates message;
  message.number = in.u32();
  message.silent = get_list(in, wire::max_ranks, 10, get_process);
  return checked(in, std::move(message), "host_states");
}

}  // namespace prun::bootstrap
