#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "runtime/core/compression_mode.hpp"
#include "runtime/core/on_failure.hpp"
#include "runtime/core/port_range.hpp"
#include "runtime/core/result.hpp"
#include "runtime/wire/codec.hpp"
#include "runtime/wire/limits.hpp"

// What launcher, agents and ranks say to each other. One frame is a u32 length of what follows, a
// u8 kind, the body; docs/wire_format.md gives every field. Each message is a plain struct with
// `kind`, `encode` and `decode`; a decode that meets anything out of bounds answers a Failure and
// has built nothing.
//
//   launcher -> agent   job_setup, start, rank_input, input_end, input_offer, window_size,
//                       output_credit, endpoints, peer_lost, signal, terminate, shutdown
//   agent -> launcher   agent_hello, agent_ready, agent_problem, rank_started, rank_output,
//                       input_credit, input_wanted, rank_endpoint, rank_aborting, rank_exited, rank_done
//   rank -> agent       rank_hello, rank_endpoint, rank_aborting, rank_finalized
//   agent -> rank       welcome, endpoints, peer_lost
namespace prun::bootstrap {

enum class ControlKind : std::uint8_t {
  agent_hello = 1,
  job_setup = 2,
  agent_ready = 3,
  agent_problem = 4,
  start = 5,
  rank_started = 6,
  rank_output = 7,
  output_credit = 8,
  rank_input = 9,
  input_end = 10,
  input_credit = 11,
  rank_exited = 12,
  rank_done = 13,
  signal = 14,
  terminate = 15,
  shutdown = 16,
  rank_hello = 17,
  welcome = 18,
  rank_endpoint = 19,
  endpoints = 20,
  rank_aborting = 21,
  peer_lost = 22,
  rank_finalized = 23,
  stage_offer = 24,  // these and those from 40 on: launcher/stage/messages.hpp
  stage_want = 25,
  stage_data = 26,
  input_offer = 30,
  input_wanted = 31,
  window_size = 32,
  stage_pass_on = 40,
  stage_unpassed = 41,
  stage_source_lost = 42,
  stage_progress = 43,
  clock_wanted = 70,  // these: clock_messages.hpp
  clock_start = 71,
  clock_port = 72,
  clock_follow = 73,
  clock_ready = 74,
  clock_lead = 85,
  clock_known = 86,
  watch = 50,  // these three: launcher/liveness/messages.hpp
  beat = 51,
  probe_port = 52,
  peer_suspected = 54,  // these five: loss_messages.hpp
  end_rank = 55,
  survivors_asked = 56,
  survivors_agreed = 57,
  start_rank = 58,
  hang_question = 60,  // these: hang_messages.hpp
  rank_stillness = 61,
  rank_state = 62,
  host_states = 63,
};

using JobKey = std::array<std::byte, 32>;

// An interface of a host and one of its addresses, numeric; empty where it has none.
struct InterfaceAddress {
  std::string interface;
  std::string address;

  bool operator==(const InterfaceAddress&) const = default;
};

// Agent, first frame: who it is and how it was reached.
struct AgentHello {
  static constexpr ControlKind kind = ControlKind::agent_hello;
  std::uint16_t protocol = wire::control_protocol_version;
  std::string version;    // of prun
  std::string host_name;  // as the host calls itself
  std::string machine;    // uname -m
  std::uint8_t pointer_bytes = sizeof(void*);
  std::uint32_t cores = 1;     // that the agent may use
  std::string client_address;  // of the launcher as this host saw it (SSH_CONNECTION), numeric;
                               // empty when local
  std::string server_address;  // of this host as the launcher reached it, numeric; empty when local
  // Which of the world's network stacks the addresses below belong to: equal for agents that share
  // them. Whether two hosts that have one address are one host is decided by this.
  std::string network;
  std::vector<InterfaceAddress> addresses;  // in the kernel's order

  void encode(wire::Writer& out) const;
  static core::Result<AgentHello> decode(wire::Reader& in);
};

// One host of the job, as the receiving host should see it.
struct HostEntry {
  std::string name;          // as the user typed it
  std::string data_address;  // numeric; where ranks of that host accept data connections

  bool operator==(const HostEntry&) const = default;
};

// Which processors a rank may use.
enum class Binding : std::uint8_t {
  none = 0,  // all that the agent may
  core = 1,  // one core, with all threads of it
};

// One program of the job and how its ranks are started.
struct Program {
  std::vector<std::string> arguments;    // [0] is the program as typed
  std::vector<std::string> environment;  // NAME=VALUE, laid over the agent's own
  std::vector<std::string> unset;        // names to remove first
  std::string directory;                 // working directory wanted
  bool directory_required =
      false;  // --wdir: missing is an error; else the home directory is used, with a note

  std::string search_path;  // folders, by colons, that come before PATH
  Binding binding = Binding::none;

  bool operator==(const Program&) const = default;
};

// The shape of the job: which rank lives where. The same on every host but for data addresses.
struct JobMap {
  std::uint64_t job_id = 0;  // public, random
  std::vector<HostEntry> hosts;
  std::vector<std::uint32_t> host_of_rank;  // index into hosts; its length is the number of ranks
  std::uint32_t restarts = 0;               // how often a lost rank may be started again

  std::uint32_t size() const { return static_cast<std::uint32_t>(host_of_rank.size()); }
  // Each start of a rank is a process with a number of its own, so that nothing of one can be taken
  // for another's: rank r, started again k times, is process k * size() + r. Ranks number each other
  // so; where nothing is started again processes and ranks are the same.
  std::uint32_t processes() const { return size() * (restarts + 1); }
  std::uint32_t process(std::uint32_t rank, std::uint32_t incarnation) const {
    return incarnation * size() + rank;
  }
  std::uint32_t rank_of(std::uint32_t process) const { return process % size(); }
  std::uint32_t incarnation_of(std::uint32_t process) const { return process / size(); }
  bool operator==(const JobMap&) const = default;
};

// Launcher to agent: everything needed to check and later start its ranks. Answered by agent_ready
// or agent_problem.
struct JobSetup {
  static constexpr ControlKind kind = ControlKind::job_setup;
  JobMap map;
  JobKey key{};
  std::uint32_t host_index = 0;  // which of map.hosts the agent is
  std::string bind_address;  // numeric; what this host's ranks listen on ("0.0.0.0" where unsure)
  std::vector<Program> programs;
  std::vector<std::uint32_t> program_of_rank;
  std::int32_t input_rank = 0;  // who gets standard input, or one of the two below
  core::CompressionMode compression = core::CompressionMode::automatic;
  bool encrypt = false;             // between hosts: ranks, and agents that pass files on
  std::int32_t terminal_rank = -1;  // who gets a terminal of its own, if it is of this host; or -1
  std::uint16_t terminal_rows = 0;  // 0: not known
  std::uint16_t terminal_columns = 0;
  core::PortRange ports;  // that the host's ranks, and its agent, listen on
  core::OnFailure on_failure = core::OnFailure::end;

  static constexpr std::int32_t no_input = -1;
  static constexpr std::int32_t input_for_all = -2;

  void encode(wire::Writer& out) const;
  static core::Result<JobSetup> decode(wire::Reader& in);
};

struct AgentReady {
  static constexpr ControlKind kind = ControlKind::agent_ready;
  std::vector<std::string> notes;  // for the user, e.g. the directory that was not there

  void encode(wire::Writer& out) const;
  static core::Result<AgentReady> decode(wire::Reader& in);
};

// The agent cannot run its part. Nothing was started.
struct AgentProblem {
  static constexpr ControlKind kind = ControlKind::agent_problem;
  std::uint8_t exit_status = 125;  // what prun should exit with: 125, 126 or 127
  std::string text;                // one line, without the host's name

  void encode(wire::Writer& out) const;
  static core::Result<AgentProblem> decode(wire::Reader& in);
};

// Launcher to agent: every host is ready, start the ranks.
struct Start {
  static constexpr ControlKind kind = ControlKind::start;
  void encode(wire::Writer& out) const;
  static core::Result<Start> decode(wire::Reader& in);
};

struct RankStarted {
  static constexpr ControlKind kind = ControlKind::rank_started;
  std::uint32_t rank = 0;
  std::uint32_t pid = 0;

  void encode(wire::Writer& out) const;
  static core::Result<RankStarted> decode(wire::Reader& in);
};

struct RankOutput {
  static constexpr ControlKind kind = ControlKind::rank_output;
  std::uint32_t rank = 0;
  std::uint8_t stream = 1;      // 1 standard output, 2 standard error
  std::vector<std::byte> data;  // at most wire::output_chunk_bytes

  void encode(wire::Writer& out) const;
  static core::Result<RankOutput> decode(wire::Reader& in);
};

// Launcher to agent: this many bytes of output were written out, as many more may be sent.
struct OutputCredit {
  static constexpr ControlKind kind = ControlKind::output_credit;
  std::uint32_t bytes = 0;

  void encode(wire::Writer& out) const;
  static core::Result<OutputCredit> decode(wire::Reader& in);
};

struct RankInput {
  static constexpr ControlKind kind = ControlKind::rank_input;
  std::uint32_t rank = 0;
  std::vector<std::byte> data;

  void encode(wire::Writer& out) const;
  static core::Result<RankInput> decode(wire::Reader& in);
};

struct InputEnd {
  static constexpr ControlKind kind = ControlKind::input_end;
  std::uint32_t rank = 0;

  void encode(wire::Writer& out) const;
  static core::Result<InputEnd> decode(wire::Reader& in);
};

// Agent to launcher: the rank has read this many bytes of input; `closed` means it wants no more.
struct InputCredit {
  static constexpr ControlKind kind = ControlKind::input_credit;
  std::uint32_t rank = 0;
  std::uint32_t bytes = 0;
  bool closed = false;

  void encode(wire::Writer& out) const;
  static core::Result<InputCredit> decode(wire::Reader& in);
};

// Launcher to agent: somebody has typed something; answered by input_wanted once the rank has read
// all that came before and waits for more.
struct InputOffer {
  static constexpr ControlKind kind = ControlKind::input_offer;
  std::uint32_t rank = 0;

  void encode(wire::Writer& out) const;
  static core::Result<InputOffer> decode(wire::Reader& in);
};

struct InputWanted {
  static constexpr ControlKind kind = ControlKind::input_wanted;
  std::uint32_t rank = 0;

  void encode(wire::Writer& out) const;
  static core::Result<InputWanted> decode(wire::Reader& in);
};

// Launcher to agent: the terminal of that rank has another size.
struct WindowSize {
  static constexpr ControlKind kind = ControlKind::window_size;
  std::uint32_t rank = 0;
  std::uint16_t rows = 0;
  std::uint16_t columns = 0;

  void encode(wire::Writer& out) const;
  static core::Result<WindowSize> decode(wire::Reader& in);
};

// How far a rank had come with the library.
enum class RankPhase : std::uint8_t { never_joined = 0, joined = 1, finalized = 2 };

// The process is gone. Sent at once; its last output may still follow until rank_done.
struct RankExited {
  static constexpr ControlKind kind = ControlKind::rank_exited;
  std::uint32_t rank = 0;
  bool signalled = false;
  std::uint8_t value = 0;  // exit status, or the signal's number
  RankPhase phase = RankPhase::never_joined;

  void encode(wire::Writer& out) const;
  static core::Result<RankExited> decode(wire::Reader& in);
};

// The process is gone and all of its output was sent.
struct RankDone {
  static constexpr ControlKind kind = ControlKind::rank_done;
  std::uint32_t rank = 0;

  void encode(wire::Writer& out) const;
  static core::Result<RankDone> decode(wire::Reader& in);
};

// Launcher to agent: send a signal to every rank's process group.
struct Signal {
  static constexpr ControlKind kind = ControlKind::signal;
  std::uint8_t number = 0;
  bool only_who_listens = false;  // not to ranks of the library that it would end

  void encode(wire::Writer& out) const;
  static core::Result<Signal> decode(wire::Reader& in);
};

// Launcher to agent: end every rank. Those that listen to the signal get it first; the others, and
// after half of the grace all, get TERM; KILL after the grace. Zero kills at once.
struct Terminate {
  static constexpr ControlKind kind = ControlKind::terminate;
  std::uint32_t grace_ms = 0;
  std::uint8_t signal = 15;  // TERM

  void encode(wire::Writer& out) const;
  static core::Result<Terminate> decode(wire::Reader& in);
};

// Launcher to agent: all is over, leave. The end of the channel means the same.
struct Shutdown {
  static constexpr ControlKind kind = ControlKind::shutdown;
  void encode(wire::Writer& out) const;
  static core::Result<Shutdown> decode(wire::Reader& in);
};

// Rank to agent, first frame.
struct RankHello {
  static constexpr ControlKind kind = ControlKind::rank_hello;
  std::uint16_t protocol = wire::control_protocol_version;
  std::string version;
  std::uint8_t pointer_bytes = sizeof(void*);

  void encode(wire::Writer& out) const;
  static core::Result<RankHello> decode(wire::Reader& in);
};

// Agent to rank, in answer.
struct Welcome {
  static constexpr ControlKind kind = ControlKind::welcome;
  JobMap map;
  JobKey key{};
  std::uint32_t rank = 0;  // its process
  std::string bind_address;
  std::uint32_t cores =
      1;  // of the host; with the ranks placed there it decides whether waiting may spin
  core::CompressionMode compression = core::CompressionMode::automatic;
  bool encrypt = false;             // what goes over TCP
  std::int32_t shared_memory = -1;  // descriptor of what the ranks of the host share; -1: nothing
  std::int32_t clock = -1;          // descriptor of the page that tells the time; -1: none
  core::PortRange ports;            // to listen on
  core::OnFailure on_failure = core::OnFailure::end;

  void encode(wire::Writer& out) const;
  static core::Result<Welcome> decode(wire::Reader& in);
};

// Rank to agent to launcher: where this rank accepts data connections.
struct RankEndpoint {
  static constexpr ControlKind kind = ControlKind::rank_endpoint;
  std::uint32_t rank = 0;  // this one, and those of messages below: its process
  std::uint16_t port = 0;

  void encode(wire::Writer& out) const;
  static core::Result<RankEndpoint> decode(wire::Reader& in);
};

// Launcher to agents to ranks: endpoints that have become known, in any number of batches.
struct Endpoints {
  static constexpr ControlKind kind = ControlKind::endpoints;
  std::vector<RankEndpoint> list;

  void encode(wire::Writer& out) const;
  static core::Result<Endpoints> decode(wire::Reader& in);
};

// Rank to agent to launcher: this rank gives up and wants the job ended with that status.
struct RankAborting {
  static constexpr ControlKind kind = ControlKind::rank_aborting;
  std::uint32_t rank = 0;
  std::int32_t exit_status = 1;
  std::string text;

  void encode(wire::Writer& out) const;
  static core::Result<RankAborting> decode(wire::Reader& in);
};

// Launcher to agents to ranks: that rank is no more. `orderly` when it has left after finalize.
struct PeerLost {
  static constexpr ControlKind kind = ControlKind::peer_lost;
  std::uint32_t rank = 0;
  bool orderly = false;
  std::string cause;  // "died: signal 11 (segmentation fault)"

  void encode(wire::Writer& out) const;
  static core::Result<PeerLost> decode(wire::Reader& in);
};

// Rank to agent: finalize is complete, an exit with status 0 is now in order.
struct RankFinalized {
  static constexpr ControlKind kind = ControlKind::rank_finalized;
  void encode(wire::Writer& out) const;
  static core::Result<RankFinalized> decode(wire::Reader& in);
};

}  // namespace prun::bootstrap
