#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/hosts/host.hpp"

// What `prun doctor` has found out. Plain values; what could not be found out is empty. All words of
// a host are printable: they have gone through printable().
namespace prun::doctor {

// How far the clock of a host is ahead of this one. The truth is within `error` of it.
struct ClockReading {
  std::chrono::nanoseconds ahead{0};
  std::chrono::nanoseconds error{0};
};

// The interface by which a host is reached.
struct NetworkInterface {
  std::string name;
  std::optional<std::uint32_t> mbit;  // what the two ends agreed on; wireless ones do not say
  std::string duplex;                 // "full", "half"
  bool wireless = false;
};

// A folder that may take what prun sends.
struct Place {
  std::string path;
  std::uint64_t free_kb = 0;
  bool writable = false;
  bool runs_programs = false;  // it is not mounted noexec
};

// Why nothing is kept in the cache folder of the user.
enum class CacheFault : std::uint8_t { none, open, not_own };

// Power and heat of a Raspberry Pi, as its firmware tells: bit 0 too little voltage, 1 clock capped,
// 2 throttled, 3 near its limit of heat; the same 16 bits higher for since it was started.
struct PowerState {
  static constexpr std::uint32_t too_little_voltage = 1u << 0;
  static constexpr std::uint32_t capped = 1u << 1;
  static constexpr std::uint32_t throttled = 1u << 2;
  static constexpr std::uint32_t hot = 1u << 3;
  static constexpr unsigned since_start = 16;

  std::uint32_t bits = 0;
};

// Why something could not be done, ready to be told.
struct Trouble {
  std::string id;        // for programs: "key-refused"
  std::string sentence;  // without the host's name
  std::string repair;    // a command, or what to do
};

// What prun's agent needs on the host.
enum class AgentState : std::uint8_t { unknown, kept, will_be_sent, not_available };

struct HostFacts {
  hosts::Host host;
  bool local = false;                  // this machine: nobody logs in
  std::vector<std::string> addresses;  // that its name has here
  std::optional<Trouble> trouble;      // why it could not be examined; then little else is known

  // Of the login.
  std::string address;     // where ssh has reached it
  std::uint16_t port = 0;  // 0: unknown
  std::string key;         // of ours that it took: file, kind and fingerprint
  std::string host_key;    // its own: kind and fingerprint
  std::optional<std::chrono::milliseconds> login_time;
  std::string noise;  // what its login shell has printed before our words ran

  // Of the host.
  std::string own_name;
  std::string machine;  // uname -m
  std::string kernel;
  std::string model;  // of a board
  std::uint32_t bits = 0;
  std::uint32_t cores = 0;
  std::uint64_t memory_kb = 0;
  std::uint64_t available_kb = 0;
  bool is_root = false;
  std::vector<std::string> own_name_at;  // loopback addresses that /etc/hosts gives its own name
  std::optional<NetworkInterface> interface;
  std::optional<PowerState> power;
  std::optional<double> celsius;
  AgentState agent = AgentState::unknown;
  std::string architecture;   // of the agent for it
  std::vector<Place> places;  // for what is sent, in the order they are tried
  CacheFault cache_fault = CacheFault::none;
  std::string cache;  // the folder that has it
  std::optional<ClockReading> clock;
};

// Two hosts and the way between them, by index.
struct PairFacts {
  std::size_t first = 0;
  std::size_t second = 0;
  double round_trip_seconds = 0;
  double there_bytes_per_second = 0;  // first to second
  double back_bytes_per_second = 0;
};

// One sentence about a program that was looked at, and the hosts it holds for.
struct ProgramWord {
  std::vector<std::size_t> hosts;
  std::string text;
  bool fails = false;  // otherwise it is a note
};

struct Examination {
  std::vector<HostFacts> hosts;
  std::vector<PairFacts> pairs;
  std::size_t all_pairs = 0;  // how many there are; `pairs` may be a sample of them
  std::optional<Trouble> pairs_trouble;
  std::vector<std::size_t> without_tool;  // hosts for whose processor nothing can measure
  std::vector<std::string> program;       // as typed; empty: none was given
  std::vector<ProgramWord> program_words;
};

// What others have written, for a terminal: control characters are blanks, and it has an end.
std::string printable(std::string_view text, std::size_t most = 200);

// A name that a host has told, for commands that are proposed to the user: letters, digits and
// ".-_" stay, whatever else becomes "_".
std::string plain_word(std::string_view text, std::size_t most = 64);

}  // namespace prun::doctor
