#pragma once

#include <cstdint>
#include <optional>

#include "runtime/bootstrap/control_messages.hpp"

namespace prun::job {

// How far one host has come.
enum class HostPhase : std::uint8_t {
  waiting,     // for its turn to log in
  connecting,  // ssh is on its way: name, connection, key
  logged_in,   // the host's shell runs our command
  receiving,   // prun's agent is on its way there
  agent_up,    // the agent has said who it is
  checking,    // it looks at the program
  staging,     // files go there that it lacks
  ready,       // everything is there
  starting,    // its ranks are being started
  running,
  done,  // its ranks are gone and their output is here
  failed,
};

// What may happen to a host, beside a failure, which may always.
enum class HostEvent : std::uint8_t {
  login_begun,
  shell_seen,
  agent_needed,
  hello_received,
  setup_sent,
  files_wanted,
  ready_received,
  start_sent,
  all_started,
  all_done,
};

// Where that event leads from that phase; nothing where it has no place.
std::optional<HostPhase> next_phase(HostPhase phase, HostEvent event);

// Must the phase end by itself within RunOptions::start_timeout?
bool has_deadline(HostPhase phase);

// What it was that did not happen in time: "ssh has not logged in".
const char* overdue_words(HostPhase phase);

// What is being waited for there, for the status line: "ssh login"; nullptr: nothing of its own.
const char* doing_words(HostPhase phase);

const char* to_string(HostPhase phase);

// May an agent send this in that phase? Anything else comes from no agent of ours.
bool may_arrive(HostPhase phase, bootstrap::ControlKind kind);

}  // namespace prun::job
