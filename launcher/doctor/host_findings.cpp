#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "launcher/doctor/finding_groups.hpp"
#include "launcher/doctor/repair_words.hpp"

namespace prun::doctor {
namespace {

// Files and certificates from a second ahead are what people stumble over; ntp keeps milliseconds.
constexpr double worst_clock_seconds = 1;
// What the agent and a small rank want at least.
constexpr std::uint64_t least_available_kb = 32 * 1024;
// The agent and a program of some size.
constexpr std::uint64_t least_free_kb = 16 * 1024;
constexpr double hot_celsius = 80;
// As agents find it; no path that a host has told stands in a command.
constexpr const char* cache_folder = "${XDG_CACHE_HOME:-~/.cache}/prun";

double seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

std::string words_of(std::uint32_t bits) {
  std::vector<std::string> words;
  if ((bits & PowerState::capped) != 0) words.emplace_back("its clock is capped");
  if ((bits & PowerState::throttled) != 0) words.emplace_back("throttled");
  if ((bits & PowerState::hot) != 0) words.emplace_back("near its limit of heat");
  return fmt::format("{}", fmt::join(words, ", "));
}

// Of this machine no login tells it; its name may.
std::string own_address(const HostFacts& host) {
  for (const auto& address : host.addresses) {
    if (!address.starts_with("127.") && address != "::1") return address;
  }
  return {};
}

class HostFindings : FindingGroup {
 public:
  using FindingGroup::FindingGroup;

  void look_at_hosts() {
    for (std::size_t i = 0; i < examination_.hosts.size(); ++i) {
      const HostFacts& host = examination_.hosts[i];
      if (host.trouble) {
        add(Severity::failure, host.trouble->id, {i}, host.trouble->sentence, host.trouble->repair);
        continue;
      }
      look_at_login(i, host);
      look_at_agent(i, host);
      look_at_cache(i, host);
      look_at_clock(i, host);
      look_at_board(i, host);
    }
  }

 private:
  void look_at_login(std::size_t i, const HostFacts& host) {
    if (!host.noise.empty()) {
      add(Severity::warning, "login-noise", {i},
          fmt::format(
              "its login shell prints to whoever runs a command there (\"{}\"), which breaks "
              "scp and sftp",
              host.noise),
          on_host(host, "grep -nE 'echo|printf|fetch|cowsay' ~/.bashrc ~/.profile ~/.cshrc") +
              " finds the line; let only shells with a prompt come there: [ -n \"$PS1\" ] && echo "
              "...");
    }
    if (!host.own_name_at.empty()) {
      const std::string address =
          host.address.empty() || host.local ? own_address(host) : host.address;
      // The name goes from each loopback line, and where it has another address that is written.
      std::string edit =
          fmt::format("{}sed -i -e '/^127\\|^::1/s/[[:space:]]{}\\([[:space:]]\\|$\\)/\\1/g'",
                      sudo_for(host), host.own_name);
      if (!address.empty()) edit += fmt::format(" -e '1i {} {}'", address, host.own_name);
      add(Severity::warning, "own-name-loopback", {i},
          fmt::format("its /etc/hosts gives its own name {} the address {}: programs that look "
                      "themselves up, MPI ones too, then tell others to connect to themselves "
                      "(prun does not ask)",
                      host.own_name, fmt::join(host.own_name_at, " and ")),
          on_host(host, edit + " /etc/hosts"));
    }
  }

  void look_at_agent(std::size_t i, const HostFacts& host) {
    if (host.local) return;
    if (host.agent == AgentState::not_available) {
      add(Severity::failure, "no-agent", {i},
          fmt::format("its processor is {}, and no agent for that stands beside this prun",
                      host.machine),
          fmt::format("build prun on it and copy the agent here: scp {}:prun/build/release/bin/"
                      "prun-agent-* .",
                      login_target(host)));
    }
    if (host.places.empty() || host.agent != AgentState::will_be_sent) return;
    const bool any = std::any_of(host.places.begin(), host.places.end(), [](const Place& place) {
      return place.runs_programs && place.free_kb >= least_free_kb;
    });
    const Place& first = host.places.front();
    if (!any) {
      add(Severity::failure, "no-room", {i},
          fmt::format("no folder there can take what prun sends ({} has {} kB free{})", first.path,
                      first.free_kb,
                      !first.writable        ? " and is read-only"
                      : !first.runs_programs ? " and is mounted noexec"
                                             : ""),
          on_host(host, "df -h"));
    } else if (!first.writable) {
      add(Severity::warning, "cache-read-only", {i},
          fmt::format("{} cannot be written, so that prun's agent is sent for every job",
                      first.path),
          on_host(host, "ls -ld ~ ~/.cache"));
    } else if (!first.runs_programs) {
      add(Severity::warning, "cache-noexec", {i},
          fmt::format("{} is mounted noexec: nothing that stands there can be run, so that prun's "
                      "agent is sent for every job",
                      first.path),
          on_host(host, "findmnt -T ~"));
    } else if (first.free_kb < least_free_kb) {
      add(Severity::warning, "cache-full", {i},
          fmt::format("{} has {} kB free, so that what is sent cannot be kept", first.path,
                      first.free_kb),
          on_host(host, "du -xsh ~/* ~/.cache/* | sort -h | tail"));
    }
  }

  void look_at_cache(std::size_t i, const HostFacts& host) {
    if (host.local) return;
    if (host.cache_fault == CacheFault::open) {
      add(Severity::warning, "cache-open", {i},
          fmt::format("{} is open to others, so that nothing that is sent is kept", host.cache),
          on_host(host, fmt::format("chmod 700 {}", cache_folder)));
    } else if (host.cache_fault == CacheFault::not_own) {
      add(Severity::warning, "cache-not-own", {i},
          fmt::format("{} is no folder of this user's, so that nothing that is sent is kept",
                      host.cache),
          on_host(host, fmt::format("{}rm -rf {}", sudo_for(host), cache_folder)));
    }
  }

  void look_at_clock(std::size_t i, const HostFacts& host) {
    if (!host.clock) return;
    const double ahead = seconds(host.clock->ahead);
    const double error = seconds(host.clock->error);
    if (std::abs(ahead) - error < worst_clock_seconds) return;
    add(Severity::warning, "clock-offset", {i},
        fmt::format(
            "its clock is {:.3f} s (give or take {:.3f}) {} this one: file times and logs do "
            "not fit together",
            std::abs(ahead), error, ahead > 0 ? "ahead of" : "behind"),
        on_host(host, sudo_for(host) + "timedatectl set-ntp true"));
  }

  void look_at_board(std::size_t i, const HostFacts& host) {
    if (host.available_kb > 0 && host.available_kb < least_available_kb) {
      add(Severity::warning, "memory-low", {i},
          fmt::format("only {} MB of its memory are left", host.available_kb / 1024),
          on_host(host, "ps -eo rss,comm --sort=-rss | head"));
    }
    if (!host.power) {
      look_at_heat(i, host);
      return;
    }
    const std::uint32_t now = host.power->bits;
    const std::uint32_t before = now >> PowerState::since_start;
    if ((now & PowerState::too_little_voltage) != 0) {
      add(Severity::warning, "under-voltage", {i},
          "its supply voltage is too low at this moment: it runs slower, and may crash",
          "use the supply made for it and a short cable; then " +
              on_host(host, "vcgencmd get_throttled"));
    } else if ((before & PowerState::too_little_voltage) != 0) {
      add(Severity::warning, "under-voltage-seen", {i},
          "its supply voltage has been too low since it was started",
          "use the supply made for it and a short cable; then " +
              on_host(host, "vcgencmd get_throttled"));
    }
    constexpr std::uint32_t slowed = PowerState::capped | PowerState::throttled | PowerState::hot;
    if ((now & slowed) != 0) {
      add(Severity::warning, "throttled", {i},
          fmt::format("it is slowed down at this moment ({})", words_of(now & slowed)),
          "cool it; then " + on_host(host, "vcgencmd measure_temp"));
    } else if ((before & slowed) != 0) {
      add(Severity::warning, "throttled-seen", {i},
          fmt::format("it has been slowed down since it was started ({})",
                      words_of(before & slowed)),
          "cool it; then " + on_host(host, "vcgencmd measure_temp"));
    }
  }

  void look_at_heat(std::size_t i, const HostFacts& host) {
    if (!host.celsius || *host.celsius < hot_celsius) return;
    add(Severity::warning, "hot", {i}, fmt::format("it is {:.0f} degrees hot", *host.celsius),
        "cool it; then " + on_host(host, "cat /sys/class/thermal/thermal_zone0/temp"));
  }
};

}  // namespace

void find_host_faults(const Examination& examination, std::vector<Finding>& found) {
  HostFindings(examination, found).look_at_hosts();
}

}  // namespace prun::doctor
