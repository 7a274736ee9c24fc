#include "launcher/doctor/probe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "launcher/agent/host_facts.hpp"
#include "launcher/hosts/host_list.hpp"

namespace prun::doctor {
namespace {

constexpr std::size_t most_bytes = 64 * 1024;
constexpr std::size_t most_noise_shown = 120;
constexpr std::size_t most_places = 8;

// The small programs that are asked may be missing, or stand where a login shell for commands does
// not look; then a line has no value. The machine is asked for as a login of a job asks
// (ssh::remote_command).
constexpr std::string_view ask_system =
    "exec 2>/dev/null; PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin; p() {{ printf '%s\\n' \"$*\"; "
    "}}; "
    "printf '\\n{greeting}\\n'; p connection $SSH_CONNECTION; n=`uname -n`; "
    "read -r m </proc/sys/kernel/arch || m=`uname -m`; "
    "p name \"$n\"; p machine \"$m\"; p kernel `uname -sr`; p bits `getconf LONG_BIT`; "
    "p user `id -u`; "
    "p cores `getconf _NPROCESSORS_ONLN || grep -c ^processor /proc/cpuinfo`; "
    "while read -r k v x; do case $k in MemTotal:|MemAvailable:) p $k $v;; esac; done "
    "</proc/meminfo; "
    "test -r /proc/device-tree/model && p model `tr -d '\\000' </proc/device-tree/model`; "
    // Both names of a machine that calls itself rpi1.home.
    "while read -r a x; do case $a in 127.*|::1) set -f; for w in $x; do case $w in "
    "'#'*) break;; \"$n\"|\"${{n%%.*}}\") p loopback $a;; esac; done; set +f;; esac; done "
    "</etc/hosts; ";

// By the way back to whom it speaks with; where nothing tells, every interface that is up.
constexpr std::string_view ask_network =
    "set -- $SSH_CONNECTION; r=${{1:-{peer}}}; d=; "
    "test -n \"$r\" && d=`ip -o route get \"$r\" | sed -n 's/.* dev \\([^ ]*\\).*/\\1/p'`; "
    "test -n \"$d\" || for i in /sys/class/net/*; do test \"${{i##*/}}\" != lo && "
    "test `cat $i/operstate` = up && d=\"$d ${{i##*/}}\"; done; "
    "for i in $d; do s=/sys/class/net/$i; w=; test -d $s/wireless && w=wireless; "
    "v=`cat $s/speed`; u=`cat $s/duplex`; p link $i ${{v:--}} ${{u:--}} $w; done; ";

constexpr std::string_view ask_board =
    "t=`vcgencmd get_throttled` || t=`cat /sys/devices/platform/soc/soc:firmware/get_throttled`; "
    "p throttled $t; "
    "for h in /sys/class/hwmon/hwmon*; do test \"`cat $h/name`\" = rpi_volt && "
    "p voltage-alarm `cat $h/in0_lcrit_alarm`; done; "
    "p heat `cat /sys/class/thermal/thermal_zone0/temp`; ";

// A folder that is not there counts as the one that it would be made in.
constexpr std::string_view ask_places =
    "c=${{XDG_CACHE_HOME:-$HOME/.cache}}/prun; a=; case $m in {cases}*) ;; esac; "
    "if test -z \"$a\"; then p agent none; elif test -s \"$c/agent-$a\" && test -x "
    "\"$c/agent-$a\"; then p agent kept $a; else p agent absent $a; fi; "
    "for d in \"$c\" \"${{TMPDIR:-/tmp}}\" /dev/shm /var/tmp; do e=$d; "
    "while test -n \"$e\" && ! test -d \"$e\"; do e=${{e%/*}}; done; e=${{e:-/}}; w=-; "
    "test -w \"$e\" && w=w; "
    "p place `df -Pk \"$e\" | {{ read -r x; read -r x x x f x t; q=; while read -r x y x z x; do "
    "test \"$y\" = \"$t\" && q=$z; done </proc/mounts; "
    "case $w,$q, in w*,noexec,*) w=n;; esac; echo \"$f\" $w; }}` \"$d\"; done; "
    // The agent keeps nothing in a folder that others can get at (stage::cache_fault).
    "if test -d \"$c\" && ! test -L \"$c\"; then set -- `ls -ldn \"$c\"`; "
    "if test \"$3\" != `id -u`; then p cache not-own \"$c\"; "
    "else case $1 in d*------|d*------[.+@]) ;; *) p cache open \"$c\";; esac; fi; "
    "elif test -e \"$c\" || test -L \"$c\"; then p cache not-own \"$c\"; fi; ";

constexpr std::string_view ask_clock = "p end; while read -r x; do p clock `date +%s.%N`; done";

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && stop == text.data() + text.size() ? value : 0;
}

// The first word; `text` is left with what follows.
std::string_view take_word(std::string_view& text) {
  const std::size_t end = text.find(' ');
  const std::string_view word = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  return word;
}

NetworkInterface parse_link(std::string_view value) {
  NetworkInterface link;
  link.name = plain_word(take_word(value), 16);
  const std::uint64_t mbit = number(take_word(value));
  if (mbit > 0 && mbit <= 1'000'000) link.mbit = static_cast<std::uint32_t>(mbit);
  const std::string_view duplex = take_word(value);
  if (duplex == "full" || duplex == "half") link.duplex = duplex;
  link.wireless = take_word(value) == "wireless";
  return link;
}

}  // namespace

std::string probe_script(const std::vector<stage::AgentBinary>& agents, const std::string& peer) {
  std::string cases;
  for (const auto& choice : stage::agents_by_machine(agents)) {
    cases += fmt::format("{}*) a={}-{};; ", choice.machine, choice.agent->architecture,
                         choice.agent->id);
  }
  // It becomes a word of the script.
  const std::string known_peer = hosts::is_address(peer) ? peer : std::string();
  return fmt::format(ask_system, fmt::arg("greeting", probe_greeting)) +
         fmt::format(ask_network, fmt::arg("peer", known_peer)) + std::string(ask_board) +
         fmt::format(ask_places, fmt::arg("cases", cases)) + std::string(ask_clock);
}

ProbeReply::State ProbeReply::feed(std::string_view line) {
  bytes_ += line.size() + 1;
  if (bytes_ > most_bytes) {
    state_ = State::too_much;
  } else if (state_ == State::noise) {
    if (line == probe_greeting) {
      state_ = State::facts;
    } else {
      take_noise(line);
    }
  } else {
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    std::string_view value = line;
    const std::string_view name = take_word(value);
    if (name == "end") {
      state_ = State::clock;
    } else if (name == "clock") {
      time_of_day_ = parse_time_of_day(value);
    } else if (!value.empty()) {
      take_fact(name, value);
    }
  }
  return state_;
}

// An empty line is what our own greeting begins with.
void ProbeReply::take_noise(std::string_view line) {
  const std::string words = printable(line, most_noise_shown);
  if (words.empty() || facts_.noise.size() > most_noise_shown) return;
  if (!facts_.noise.empty()) facts_.noise += "; ";
  facts_.noise += words;
}

void ProbeReply::take_fact(std::string_view name, std::string_view value) {
  if (name == "connection") {
    auto ends = agent::ssh_ends(value);
    if (ends.server_address.empty()) return;
    facts_.address = std::move(ends.server_address);
    const auto port = number(value.substr(value.rfind(' ') + 1));
    if (port > 0 && port < 65536) facts_.port = static_cast<std::uint16_t>(port);
  } else if (name == "name") {
    facts_.own_name = plain_word(value);
  } else if (name == "machine") {
    facts_.machine = plain_word(value);
  } else if (name == "kernel") {
    facts_.kernel = printable(value, 80);
  } else if (name == "model") {
    facts_.model = printable(value, 80);
  } else if (name == "bits") {
    facts_.bits = static_cast<std::uint32_t>(std::min<std::uint64_t>(number(value), 1024));
  } else if (name == "user") {
    facts_.is_root = value == "0";
  } else if (name == "cores") {
    facts_.cores = static_cast<std::uint32_t>(std::min<std::uint64_t>(number(value), 1u << 16));
  } else if (name == "MemTotal:") {
    facts_.memory_kb = number(value);
  } else if (name == "MemAvailable:") {
    facts_.available_kb = number(value);
  } else if (name == "loopback") {
    const std::string address = printable(value, 40);
    auto& known = facts_.own_name_at;
    if (known.size() < 4 && std::find(known.begin(), known.end(), address) == known.end())
      known.push_back(address);
  } else if (name == "link") {
    // Of several the first that is no cable to a virtual machine: those have no speed.
    const NetworkInterface link = parse_link(value);
    if (!facts_.interface || (!facts_.interface->mbit && link.mbit)) facts_.interface = link;
  } else if (name == "throttled") {
    if (const auto power = parse_throttled(value)) facts_.power = power;
  } else if (name == "voltage-alarm") {
    if (!facts_.power) facts_.power.emplace();
    if (value == "1")
      facts_.power->bits |= PowerState::too_little_voltage << PowerState::since_start;
  } else if (name == "heat") {
    const std::uint64_t thousandths = number(value);
    if (thousandths > 0 && thousandths < 200'000)
      facts_.celsius = static_cast<double>(thousandths) / 1000;
  } else if (name == "agent") {
    const std::string_view state = take_word(value);
    facts_.agent = state == "kept"     ? AgentState::kept
                   : state == "absent" ? AgentState::will_be_sent
                                       : AgentState::not_available;
    facts_.architecture = plain_word(value.substr(0, value.rfind('-')));
  } else if (name == "cache") {
    const std::string_view fault = take_word(value);
    facts_.cache_fault = fault == "open"      ? CacheFault::open
                         : fault == "not-own" ? CacheFault::not_own
                                              : CacheFault::none;
    facts_.cache = printable(value, 120);
  } else if (name == "place" && facts_.places.size() < most_places) {
    Place place;
    place.free_kb = number(take_word(value));
    const std::string_view use = take_word(value);
    place.writable = use == "w" || use == "n";
    place.runs_programs = use == "w";
    place.path = printable(value, 120);
    facts_.places.push_back(std::move(place));
  }
}

std::optional<ProbeReply::TimeOfDay> parse_time_of_day(std::string_view text) {
  const std::size_t dot = text.find('.');
  const std::string_view seconds = text.substr(0, dot);
  // 12 digits of seconds are further than nanoseconds in 64 bits reach only beyond the year 2262.
  const std::uint64_t whole = number(seconds);
  if (whole == 0 || whole > 9'000'000'000) return std::nullopt;
  ProbeReply::TimeOfDay time;
  time.since_epoch = std::chrono::seconds(whole);
  time.unit = std::chrono::seconds(1);
  if (dot == std::string_view::npos) return time;
  // Where date knows no %N it leaves letters there.
  const std::string_view digits = text.substr(dot + 1);
  if (digits.size() != 9 || digits.find_first_not_of("0123456789") != std::string_view::npos)
    return time;
  time.since_epoch += std::chrono::nanoseconds(number(digits));
  time.unit = std::chrono::nanoseconds(1);
  return time;
}

std::optional<PowerState> parse_throttled(std::string_view text) {
  if (const std::size_t equals = text.find('='); equals != std::string_view::npos)
    text.remove_prefix(equals + 1);
  if (text.starts_with("0x")) text.remove_prefix(2);
  PowerState power;
  const auto [stop, error] =
      std::from_chars(text.data(), text.data() + text.size(), power.bits, 16);
  if (text.empty() || error != std::errc() || stop != text.data() + text.size())
    return std::nullopt;
  return power;
}

ClockReading clock_reading(std::chrono::nanoseconds asked, const ProbeReply::TimeOfDay& there,
                           std::chrono::nanoseconds answered) {
  // It was read some time between question and answer, and a reading of whole seconds may be late by
  // one.
  const auto round_trip = answered - asked;
  ClockReading reading;
  reading.ahead = there.since_epoch + there.unit / 2 - (asked + round_trip / 2);
  reading.error = round_trip / 2 + there.unit / 2;
  return reading;
}

}  // namespace prun::doctor
