#include "runtime/bootstrap/control_messages.hpp"

#include <algorithm>

#include "runtime/bootstrap/checked.hpp"

namespace prun::bootstrap {
namespace {

using core::Failure;
using core::Result;
using wire::Reader;
using wire::Writer;

Binding get_binding(Reader& in) {
  const std::uint8_t value = in.u8();
  if (value > static_cast<std::uint8_t>(Binding::core)) in.fail();
  return static_cast<Binding>(value);
}

void put_strings(Writer& out, const std::vector<std::string>& values) {
  out.u32(static_cast<std::uint32_t>(values.size()));
  for (const auto& value : values) out.string(value);
}

std::vector<std::string> get_strings(Reader& in) {
  const std::uint32_t entries = in.count(wire::max_list_entries, 4);
  std::vector<std::string> values(entries);
  for (auto& value : values) value = in.string(wire::max_string_bytes);
  return values;
}

void put_bytes(Writer& out, std::span<const std::byte> value) {
  out.bytes(value);
}

std::vector<std::byte> get_bytes(Reader& in, std::size_t limit) {
  const auto taken = in.bytes(limit);
  return {taken.begin(), taken.end()};
}

void put_indices(Writer& out, const std::vector<std::uint32_t>& values) {
  out.u32(static_cast<std::uint32_t>(values.size()));
  for (const auto value : values) out.u32(value);
}

std::vector<std::uint32_t> get_indices(Reader& in, std::size_t limit) {
  const std::uint32_t entries = in.count(limit, 4);
  std::vector<std::uint32_t> values(entries);
  for (auto& value : values) value = in.u32();
  return values;
}

bool all_below(const std::vector<std::uint32_t>& values, std::size_t limit) {
  return std::all_of(values.begin(), values.end(),
                     [limit](std::uint32_t value) { return value < limit; });
}

void put_map(Writer& out, const JobMap& map) {
  out.u64(map.job_id);
  out.u32(static_cast<std::uint32_t>(map.hosts.size()));
  for (const auto& host : map.hosts) {
    out.string(host.name);
    out.string(host.data_address);
  }
  put_indices(out, map.host_of_rank);
  out.u32(map.restarts);
}

JobMap get_map(Reader& in) {
  JobMap map;
  map.job_id = in.u64();
  map.hosts.resize(in.count(wire::max_hosts, 8));
  for (auto& host : map.hosts) {
    host.name = in.string(wire::max_string_bytes);
    host.data_address = in.string(wire::max_string_bytes);
  }
  map.host_of_rank = get_indices(in, wire::max_ranks);
  map.restarts = in.u32();
  if (map.host_of_rank.empty() || !all_below(map.host_of_rank, map.hosts.size()) ||
      map.restarts >= wire::max_ranks / map.size()) {
    in.fail();
  }
  return map;
}

void put_key(Writer& out, const JobKey& key) {
  out.raw(key);
}

JobKey get_key(Reader& in) {
  JobKey key{};
  const auto taken = in.raw(key.size());
  std::copy(taken.begin(), taken.end(), key.begin());
  return key;
}

RankPhase get_phase(Reader& in) {
  const std::uint8_t value = in.u8();
  if (value > static_cast<std::uint8_t>(RankPhase::finalized)) in.fail();
  return static_cast<RankPhase>(value);
}

void put_compression(Writer& out, core::CompressionMode mode) {
  out.u8(static_cast<std::uint8_t>(mode));
}

core::CompressionMode get_compression(Reader& in) {
  const std::uint8_t value = in.u8();
  if (value > static_cast<std::uint8_t>(core::CompressionMode::lz4)) in.fail();
  return static_cast<core::CompressionMode>(value);
}

void put_on_failure(Writer& out, core::OnFailure wish) {
  out.u8(static_cast<std::uint8_t>(wish));
}

core::OnFailure get_on_failure(Reader& in) {
  const std::uint8_t value = in.u8();
  if (value > static_cast<std::uint8_t>(core::OnFailure::go_on)) in.fail();
  return static_cast<core::OnFailure>(value);
}

}  // namespace

void AgentHello::encode(Writer& out) const {
  out.u16(protocol);
  out.string(version);
  out.string(host_name);
  out.string(machine);
  out.u8(pointer_bytes);
  out.u32(cores);
  out.string(client_address);
  out.string(server_address);
  out.string(network);
  out.u32(static_cast<std::uint32_t>(addresses.size()));
  for (const auto& one : addresses) {
    out.string(one.interface);
    out.string(one.address);
  }
}

Result<AgentHello> AgentHello::decode(Reader& in) {
  AgentHello message;
  message.protocol = in.u16();
  message.version = in.string(wire::max_string_bytes);
  message.host_name = in.string(wire::max_string_bytes);
  message.machine = in.string(wire::max_string_bytes);
  message.pointer_bytes = in.u8();
  message.cores = in.u32();
  message.client_address = in.string(wire::max_string_bytes);
  message.server_address = in.string(wire::max_string_bytes);
  message.network = in.string(wire::max_string_bytes);
  message.addresses.resize(in.count(wire::max_list_entries, 8));
  for (auto& one : message.addresses) {
    one.interface = in.string(wire::max_string_bytes);
    one.address = in.string(wire::max_string_bytes);
  }
  return checked(in, std::move(message), "agent_hello");
}

void JobSetup::encode(Writer& out) const {
  put_map(out, map);
  put_key(out, key);
  out.u32(host_index);
  out.string(bind_address);
  out.u32(static_cast<std::uint32_t>(programs.size()));
  for (const auto& program : programs) {
    put_strings(out, program.arguments);
    put_strings(out, program.environment);
    put_strings(out, program.unset);
    out.string(program.directory);
    put_bool(out, program.directory_required);
    out.string(program.search_path);
    out.u8(static_cast<std::uint8_t>(program.binding));
  }
  put_indices(out, program_of_rank);
  out.i32(input_rank);
  put_compression(out, compression);
  put_bool(out, encrypt);
  out.i32(terminal_rank);
  out.u16(terminal_rows);
  out.u16(terminal_columns);
  put_ports(out, ports);
  put_on_failure(out, on_failure);
}

Result<JobSetup> JobSetup::decode(Reader& in) {
  JobSetup message;
  message.map = get_map(in);
  message.key = get_key(in);
  message.host_index = in.u32();
  message.bind_address = in.string(wire::max_string_bytes);
  message.programs.resize(in.count(wire::max_list_entries, 22));
  for (auto& program : message.programs) {
    program.arguments = get_strings(in);
    program.environment = get_strings(in);
    program.unset = get_strings(in);
    program.directory = in.string(wire::max_string_bytes);
    program.directory_required = get_bool(in);
    program.search_path = in.string(wire::max_string_bytes);
    program.binding = get_binding(in);
    if (program.arguments.empty()) in.fail();
  }
  message.program_of_rank = get_indices(in, wire::max_ranks);
  message.input_rank = in.i32();
  message.compression = get_compression(in);
  message.encrypt = get_bool(in);
  message.terminal_rank = in.i32();
  message.terminal_rows = in.u16();
  message.terminal_columns = in.u16();
  message.ports = get_ports(in);
  message.on_failure = get_on_failure(in);
  if (message.host_index >= message.map.hosts.size() ||
      message.program_of_rank.size() != message.map.size() ||
      !all_below(message.program_of_rank, message.programs.size()) ||
      message.input_rank < JobSetup::input_for_all ||
      message.input_rank >= static_cast<std::int32_t>(message.map.size())) {
    in.fail();
  }
  return checked(in, std::move(message), "job_setup");
}

void AgentReady::encode(Writer& out) const {
  put_strings(out, notes);
}

Result<AgentReady> AgentReady::decode(Reader& in) {
  AgentReady message;
  message.notes = get_strings(in);
  return checked(in, std::move(message), "agent_ready");
}

void AgentProblem::encode(Writer& out) const {
  out.u8(exit_status);
  out.string(text);
}

Result<AgentProblem> AgentProblem::decode(Reader& in) {
  AgentProblem message;
  message.exit_status = in.u8();
  if (message.exit_status < 125 || message.exit_status > 127) in.fail();
  message.text = in.string(wire::max_string_bytes);
  return checked(in, std::move(message), "agent_problem");
}

void Start::encode(Writer&) const {}

Result<Start> Start::decode(Reader& in) {
  return checked(in, Start{}, "start");
}

void RankStarted::encode(Writer& out) const {
  out.u32(rank);
  out.u32(pid);
}

Result<RankStarted> RankStarted::decode(Reader& in) {
  RankStarted message;
  message.rank = in.u32();
  message.pid = in.u32();
  return checked(in, message, "rank_started");
}

void RankOutput::encode(Writer& out) const {
  out.u32(rank);
  out.u8(stream);
  put_bytes(out, data);
}

Result<RankOutput> RankOutput::decode(Reader& in) {
  RankOutput message;
  message.rank = in.u32();
  message.stream = in.u8();
  if (message.stream != 1 && message.stream != 2) in.fail();
  message.data = get_bytes(in, wire::output_chunk_bytes);
  return checked(in, std::move(message), "rank_output");
}

void OutputCredit::encode(Writer& out) const {
  out.u32(bytes);
}

Result<OutputCredit> OutputCredit::decode(Reader& in) {
  OutputCredit message;
  message.bytes = in.u32();
  return checked(in, message, "output_credit");
}

void RankInput::encode(Writer& out) const {
  out.u32(rank);
  put_bytes(out, data);
}

Result<RankInput> RankInput::decode(Reader& in) {
  RankInput message;
  message.rank = in.u32();
  message.data = get_bytes(in, wire::output_chunk_bytes);
  return checked(in, std::move(message), "rank_input");
}

void InputEnd::encode(Writer& out) const {
  out.u32(rank);
}

Result<InputEnd> InputEnd::decode(Reader& in) {
  InputEnd message;
  message.rank = in.u32();
  return checked(in, message, "input_end");
}

void InputCredit::encode(Writer& out) const {
  out.u32(rank);
  out.u32(bytes);
  put_bool(out, closed);
}

Result<InputCredit> InputCredit::decode(Reader& in) {
  InputCredit message;
  message.rank = in.u32();
  message.bytes = in.u32();
  message.closed = get_bool(in);
  return checked(in, message, "input_credit");
}

void InputOffer::encode(Writer& out) const {
  out.u32(rank);
}

Result<InputOffer> InputOffer::decode(Reader& in) {
  InputOffer message;
  message.rank = in.u32();
  return checked(in, message, "input_offer");
}

void InputWanted::encode(Writer& out) const {
  out.u32(rank);
}

Result<InputWanted> InputWanted::decode(Reader& in) {
  InputWanted message;
  message.rank = in.u32();
  return checked(in, message, "input_wanted");
}

void WindowSize::encode(Writer& out) const {
  out.u32(rank);
  out.u16(rows);
  out.u16(columns);
}

Result<WindowSize> WindowSize::decode(Reader& in) {
  WindowSize message;
  message.rank = in.u32();
  message.rows = in.u16();
  message.columns = in.u16();
  return checked(in, message, "window_size");
}

void RankExited::encode(Writer& out) const {
  out.u32(rank);
  put_bool(out, signalled);
  out.u8(value);
  out.u8(static_cast<std::uint8_t>(phase));
}

Result<RankExited> RankExited::decode(Reader& in) {
  RankExited message;
  message.rank = in.u32();
  message.signalled = get_bool(in);
  message.value = in.u8();
  message.phase = get_phase(in);
  return checked(in, message, "rank_exited");
}

void RankDone::encode(Writer& out) const {
  out.u32(rank);
}

Result<RankDone> RankDone::decode(Reader& in) {
  RankDone message;
  message.rank = in.u32();
  return checked(in, message, "rank_done");
}

void Signal::encode(Writer& out) const {
  out.u8(number);
  put_bool(out, only_who_listens);
}

Result<Signal> Signal::decode(Reader& in) {
  Signal message;
  message.number = in.u8();
  message.only_who_listens = get_bool(in);
  return checked(in, message, "signal");
}

void Terminate::encode(Writer& out) const {
  out.u32(grace_ms);
  out.u8(signal);
}

Result<Terminate> Terminate::decode(Reader& in) {
  Terminate message;
  message.grace_ms = in.u32();
  message.signal = in.u8();
  return checked(in, message, "terminate");
}

void Shutdown::encode(Writer&) const {}

Result<Shutdown> Shutdown::decode(Reader& in) {
  return checked(in, Shutdown{}, "shutdown");
}

void RankHello::encode(Writer& out) const {
  out.u16(protocol);
  out.string(version);
  out.u8(pointer_bytes);
}

Result<RankHello> RankHello::decode(Reader& in) {
  RankHello message;
  message.protocol = in.u16();
  message.version = in.string(wire::max_string_bytes);
  message.pointer_bytes = in.u8();
  return checked(in, std::move(message), "rank_hello");
}

void Welcome::encode(Writer& out) const {
  put_map(out, map);
  put_key(out, key);
  out.u32(rank);
  out.string(bind_address);
  out.u32(cores);
  put_compression(out, compression);
  put_bool(out, encrypt);
  out.i32(shared_memory);
  out.i32(clock);
  put_ports(out, ports);
  put_on_failure(out, on_failure);
}

Result<Welcome> Welcome::decode(Reader& in) {
  Welcome message;
  message.map = get_map(in);
  message.key = get_key(in);
  message.rank = in.u32();
  message.bind_address = in.string(wire::max_string_bytes);
  message.cores = in.u32();
  message.compression = get_compression(in);
  message.encrypt = get_bool(in);
  message.shared_memory = in.i32();
  message.clock = in.i32();
  message.ports = get_ports(in);
  message.on_failure = get_on_failure(in);
  if (message.rank >= message.map.processes()) in.fail();
  return checked(in, std::move(message), "welcome");
}

void RankEndpoint::encode(Writer& out) const {
  out.u32(rank);
  out.u16(port);
}

Result<RankEndpoint> RankEndpoint::decode(Reader& in) {
  RankEndpoint message;
  message.rank = in.u32();
  message.port = in.u16();
  if (message.port == 0) in.fail();
  return checked(in, message, "rank_endpoint");
}

void Endpoints::encode(Writer& out) const {
  out.u32(static_cast<std::uint32_t>(list.size()));
  for (const auto& endpoint : list) endpoint.encode(out);
}

Result<Endpoints> Endpoints::decode(Reader& in) {
  Endpoints message;
  message.list.resize(in.count(wire::max_ranks, 6));
  for (auto& endpoint : message.list) {
    endpoint.rank = in.u32();
    endpoint.port = in.u16();
    if (endpoint.port == 0) in.fail();
  }
  return checked(in, std::move(message), "endpoints");
}

void RankAborting::encode(Writer& out) const {
  out.u32(rank);
  out.i32(exit_status);
  out.string(text);
}

Result<RankAborting> RankAborting::decode(Reader& in) {
  RankAborting message;
  message.rank = in.u32();
  message.exit_status = in.i32();
  message.text = in.string(wire::max_string_bytes);
  return checked(in, std::move(message), "rank_aborting");
}

void PeerLost::encode(Writer& out) const {
  out.u32(rank);
  put_bool(out, orderly);
  out.string(cause);
}

Result<PeerLost> PeerLost::decode(Reader& in) {
  PeerLost message;
  message.rank = in.u32();
  message.orderly = get_bool(in);
  message.cause = in.string(wire::max_string_bytes);
  return checked(in, std::move(message), "peer_lost");
}

void RankFinalized::encode(Writer&) const {}

Result<RankFinalized> RankFinalized::decode(Reader& in) {
  return checked(in, RankFinalized{}, "rank_finalized");
}

}  // namespace prun::bootstrap
