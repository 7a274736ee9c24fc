#include "launcher/doctor/findings.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "launcher/ssh/ssh_command.hpp"

namespace prun::doctor {
namespace {

// Files and certificates from a second ahead are what people stumble over; ntp keeps milliseconds.
constexpr double worst_clock_seconds = 1;
// A pair is slow where others are more than twice as fast: less is noise, or one switch more.
constexpr double slow_factor = 2;
// Round trips vary more, and on fast links all of them are short.
constexpr double long_factor = 5;
constexpr double shortest_long_round_trip = 2e-3;
// What the agent and a small rank want at least.
constexpr std::uint64_t least_available_kb = 32 * 1024;
// The agent and a program of some size.
constexpr std::uint64_t least_free_kb = 16 * 1024;
constexpr double hot_celsius = 80;

double seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

class Findings {
 public:
  explicit Findings(const Examination& examination) : examination_(examination) {}

  std::vector<Finding> take() {
    look_at_hosts();
    look_at_names();
    look_at_interfaces();
    look_at_pairs();
    look_at_program();
    std::stable_sort(found_.begin(), found_.end(),
                     [](const Finding& a, const Finding& b) { return a.severity > b.severity; });
    return std::move(found_);
  }

 private:
  void look_at_hosts() {
    for (std::size_t i = 0; i < examination_.hosts.size(); ++i) {
      const HostFacts& host = examination_.hosts[i];
      if (host.trouble) {
        add(Severity::failure, host.trouble->id, {i}, host.trouble->sentence, host.trouble->repair);
        continue;
      }
      look_at_login(i, host);
      look_at_agent(i, host);
      look_at_clock(i, host);
      look_at_board(i, host);
    }
  }

  void look_at_login(std::size_t i, const HostFacts& host) {
    if (!host.noise.empty()) {
      add(Severity::warning, "login-noise", {i},
          fmt::format(
              "its login shell prints to whoever runs a command there (\"{}\"), which breaks "
              "scp and sftp",
              host.noise),
          on(host, "grep -nE 'echo|printf|fetch|cowsay' ~/.bashrc ~/.profile ~/.cshrc") +
              " finds the line; let only shells with a prompt come there: [ -n \"$PS1\" ] && echo "
              "...");
    }
    if (!host.own_name_at.empty()) {
      const std::string address =
          host.address.empty() || host.local ? own_address(host) : host.address;
      const std::string sudo = host.is_root ? "" : "sudo ";
      // The name goes from each loopback line, and where it has another address that is written.
      std::string edit =
          fmt::format("{}sed -i -e '/^127\\|^::1/s/[[:space:]]{}\\([[:space:]]\\|$\\)/\\1/g'", sudo,
                      host.own_name);
      if (!address.empty()) edit += fmt::format(" -e '1i {} {}'", address, host.own_name);
      add(Severity::warning, "own-name-loopback", {i},
          fmt::format("its /etc/hosts gives its own name {} the address {}: programs that look "
                      "themselves up, MPI ones too, then tell others to connect to themselves "
                      "(prun does not ask)",
                      host.own_name, fmt::join(host.own_name_at, " and ")),
          on(host, edit + " /etc/hosts"));
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
                      target(host)));
    }
    if (host.places.empty() || host.agent != AgentState::will_be_sent) return;
    const bool any = std::any_of(host.places.begin(), host.places.end(), [](const Place& place) {
      return place.writable && place.free_kb >= least_free_kb;
    });
    const Place& first = host.places.front();
    if (!any) {
      add(Severity::failure, "no-room", {i},
          fmt::format("no folder there can take what prun sends ({} has {} kB free{})", first.path,
                      first.free_kb, first.writable ? "" : " and is read-only"),
          on(host, "df -h"));
    } else if (!first.writable) {
      add(Severity::warning, "cache-read-only", {i},
          fmt::format("{} cannot be written, so that prun's agent is sent for every job",
                      first.path),
          on(host, "ls -ld ~ ~/.cache"));
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
        on(host, sudo(host) + "timedatectl set-ntp true"));
  }

  void look_at_board(std::size_t i, const HostFacts& host) {
    if (host.available_kb > 0 && host.available_kb < least_available_kb) {
      add(Severity::warning, "memory-low", {i},
          fmt::format("only {} MB of its memory are left", host.available_kb / 1024),
          on(host, "ps -eo rss,comm --sort=-rss | head"));
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
              on(host, "vcgencmd get_throttled"));
    } else if ((before & PowerState::too_little_voltage) != 0) {
      add(Severity::warning, "under-voltage-seen", {i},
          "its supply voltage has been too low since it was started",
          "use the supply made for it and a short cable; then " +
              on(host, "vcgencmd get_throttled"));
    }
    constexpr std::uint32_t slowed = PowerState::capped | PowerState::throttled | PowerState::hot;
    if ((now & slowed) != 0) {
      add(Severity::warning, "throttled", {i},
          fmt::format("it is slowed down at this moment ({})", words_of(now & slowed)),
          "cool it; then " + on(host, "vcgencmd measure_temp"));
    } else if ((before & slowed) != 0) {
      add(Severity::warning, "throttled-seen", {i},
          fmt::format("it has been slowed down since it was started ({})",
                      words_of(before & slowed)),
          "cool it; then " + on(host, "vcgencmd measure_temp"));
    }
  }

  void look_at_heat(std::size_t i, const HostFacts& host) {
    if (!host.celsius || *host.celsius < hot_celsius) return;
    add(Severity::warning, "hot", {i}, fmt::format("it is {:.0f} degrees hot", *host.celsius),
        "cool it; then " + on(host, "cat /sys/class/thermal/thermal_zone0/temp"));
  }

  void look_at_names() {
    std::map<std::pair<std::string, std::uint16_t>, std::vector<std::size_t>> at;
    std::map<std::string, std::vector<std::size_t>> called;
    std::vector<std::size_t> here;
    for (std::size_t i = 0; i < examination_.hosts.size(); ++i) {
      const HostFacts& host = examination_.hosts[i];
      look_at_addresses(i, host);
      if (host.trouble) continue;
      if (host.local) here.push_back(i);
      if (!host.local && !host.address.empty()) at[{host.address, host.port}].push_back(i);
      if (!host.own_name.empty()) called[host.own_name].push_back(i);
    }
    for (const auto& [where, names] : at) two_names(names, "at " + where.first);
    two_names(here, "this one");
    for (const auto& [name, those] : called) one_own_name(name, those);
  }

  void two_names(const std::vector<std::size_t>& names, const std::string& where) {
    if (names.size() < 2) return;
    const HostFacts& first = examination_.hosts[names.front()];
    add(Severity::warning, "two-names", names,
        fmt::format("{} names stand for one machine, {}: it gets the ranks of all of them",
                    names.size(), where),
        fmt::format("name it once, with a number of ranks if several are meant: -H {}:{}",
                    target(first), names.size()));
  }

  // Machines whose cards are copies of one.
  void one_own_name(const std::string& name, const std::vector<std::size_t>& those) {
    std::set<std::pair<std::string, std::uint16_t>> machines;
    for (const auto i : those) {
      const HostFacts& host = examination_.hosts[i];
      machines.insert(host.local ? std::pair{std::string("here"), std::uint16_t{0}}
                                 : std::pair{host.address, host.port});
    }
    if (machines.size() < 2) return;
    const HostFacts& last = examination_.hosts[those.back()];
    add(Severity::warning, "one-own-name", those,
        fmt::format("{} machines call themselves {}: what they print of themselves cannot be told "
                    "apart, and {}.local is any of them",
                    machines.size(), name, name),
        on(last,
           fmt::format("{}hostnamectl set-hostname {}", sudo(last),
                       last.host.name == name || !hosts_name_is_plain(last) ? name + "-2"
                                                                            : last.host.name)));
  }

  void look_at_addresses(std::size_t i, const HostFacts& host) {
    std::vector<std::string> v4;
    for (const auto& address : host.addresses) {
      if (address.find(':') == std::string::npos) v4.push_back(address);
    }
    std::sort(v4.begin(), v4.end());
    v4.erase(std::unique(v4.begin(), v4.end()), v4.end());
    if (v4.size() < 2 || host.local) return;
    const std::string& reached = host.address.empty() ? v4.front() : host.address;
    add(Severity::warning, "one-name", {i},
        fmt::format(
            "its name stands for {} addresses, {}: which one is used may change from run to "
            "run, and they may be different machines or Wi-Fi beside the cable",
            v4.size(), fmt::join(v4, " and ")),
        fmt::format("name the address that is meant: -H {}",
                    host.host.user.empty() ? reached : host.host.user + "@" + reached));
  }

  void look_at_interfaces() {
    std::uint32_t fastest = 0;
    for (const auto& host : examination_.hosts) {
      if (host.interface && host.interface->mbit)
        fastest = std::max(fastest, *host.interface->mbit);
    }
    for (std::size_t i = 0; i < examination_.hosts.size(); ++i) {
      const HostFacts& host = examination_.hosts[i];
      if (!host.interface) continue;
      const NetworkInterface& link = *host.interface;
      if (link.duplex == "half") {
        add(Severity::warning, "half-duplex", {i},
            fmt::format("its {} works in half duplex: it cannot send and receive at once",
                        link.name),
            on(host, fmt::format("{}ethtool -s {} autoneg on", sudo(host), link.name)));
      }
      // 10 where others have 100 or more is a bad cable; 100 beside 1000 is an older board.
      if (link.mbit && *link.mbit <= 10 && fastest > 10) {
        add(Severity::warning, "link-speed", {i},
            fmt::format("its {} has agreed on {} Mbit/s, where others have {}", link.name,
                        *link.mbit, fastest),
            fmt::format("try another cable and port; then {}",
                        on(host, fmt::format("{}ethtool {}", sudo(host), link.name))));
      }
    }
  }

  void look_at_pairs() {
    if (examination_.pairs_trouble) {
      const Trouble& trouble = *examination_.pairs_trouble;
      add(Severity::failure, trouble.id, {}, trouble.sentence, trouble.repair);
    }
    for (const auto i : examination_.without_tool) {
      const HostFacts& host = examination_.hosts[i];
      add(Severity::warning, "links-not-measured", {i},
          fmt::format("its links were not measured: no prun-tune for {} stands beside this prun",
                      host.machine),
          fmt::format("build prun on it, and: scp {}:prun/build/release/bin/prun-tune prun-tune-{}",
                      target(host), host.architecture));
    }
    if (examination_.pairs.empty()) return;
    // What most hosts reach on their best link: a fast pair makes no cluster slow, and a slow host
    // spoils each pair that it is in.
    std::vector<double> speeds;
    std::vector<double> round_trips;
    for (std::size_t i = 0; i < examination_.hosts.size(); ++i) {
      if (!all_pairs_of(i, [](const PairFacts&) { return true; })) continue;
      speeds.push_back(best_speed(i));
      round_trips.push_back(best_round_trip(i));
    }
    std::sort(speeds.begin(), speeds.end());
    std::sort(round_trips.begin(), round_trips.end());
    const double usual_speed = speeds[speeds.size() / 2];
    const double usual_round_trip = round_trips[(round_trips.size() - 1) / 2];
    std::vector<bool> slow(examination_.hosts.size(), false);
    for (std::size_t i = 0; i < examination_.hosts.size(); ++i) {
      slow[i] = all_pairs_of(
          i, [&](const PairFacts& pair) { return speed_of(pair) * slow_factor < usual_speed; });
    }
    // With two hosts there is one pair and nothing to compare it with.
    for (std::size_t i = 0; i < slow.size(); ++i) {
      if (slow[i]) tell_slow_host(i, usual_speed);
    }
    for (const auto& pair : examination_.pairs) {
      if (slow[pair.first] || slow[pair.second]) continue;
      if (speed_of(pair) * slow_factor < usual_speed) {
        add(Severity::warning, "slow-pair", {pair.first, pair.second},
            fmt::format("between them {:.1f} Mbit/s pass, between most others {:.1f}",
                        speed_of(pair) * 8e-6, usual_speed * 8e-6),
            "look at what is between the two, such as a second switch or Wi-Fi");
      }
    }
    for (std::size_t i = 0; i < examination_.hosts.size(); ++i) {
      const bool far = all_pairs_of(i, [&](const PairFacts& pair) {
        return pair.round_trip_seconds > shortest_long_round_trip &&
               pair.round_trip_seconds > usual_round_trip * long_factor;
      });
      if (!far) continue;
      add(Severity::warning, "slow-answers", {i},
          fmt::format("its answers take long: {:.1f} ms on its best link, {:.1f} ms between most "
                      "others",
                      1e3 * best_round_trip(i), 1e3 * usual_round_trip),
          on(examination_.hosts[i], "top -bn1 | head -15"));
    }
  }

  void tell_slow_host(std::size_t i, double usual_speed) {
    double there = 0;
    double back = 0;
    for (const auto& pair : examination_.pairs) {
      if (pair.first == i) {
        there = std::max(there, pair.there_bytes_per_second);
        back = std::max(back, pair.back_bytes_per_second);
      } else if (pair.second == i) {
        there = std::max(there, pair.back_bytes_per_second);
        back = std::max(back, pair.there_bytes_per_second);
      }
    }
    const HostFacts& host = examination_.hosts[i];
    const std::string repair =
        host.interface && host.interface->wireless
            ? "give it a cable: it is on Wi-Fi (" + host.interface->name + ")"
            : fmt::format("try another cable and port of the switch; then {}",
                          on(host, fmt::format("{}ethtool {}", sudo(host),
                                               host.interface ? host.interface->name : "eth0")));
    add(Severity::warning, "slow-link", {i},
        fmt::format("all its links are slow: it sends {:.1f} and receives {:.1f} Mbit/s, most "
                    "others {:.1f}",
                    there * 8e-6, back * 8e-6, usual_speed * 8e-6),
        repair);
  }

  void look_at_program() {
    for (const auto& word : examination_.program_words) {
      add(word.fails ? Severity::failure : Severity::warning,
          word.fails ? "program" : "program-note", word.hosts, word.text,
          program_repair(
              word, examination_.program.empty() ? std::string() : examination_.program.front()));
    }
  }

  std::string program_repair(const ProgramWord& word, const std::string& program) const {
    const auto has = [&](std::string_view part) { return word.text.find(part) != word.text.npos; };
    if (has("is not executable")) return "chmod +x " + program;
    if (has("it needs ")) {
      return "install it there, or link the program statically; the package: apt-file search "
             "LIBRARY";
    }
    if (has("it is built for")) return "build it on a host like that one";
    if (has("cannot run") && has("is not there"))
      return "build it here: prun sends it to hosts that lack it (unless --stage=off is given)";
    if (has("no folder of PATH has it") && !word.hosts.empty())
      return on(examination_.hosts[word.hosts.front()], "command -v " + program) +
             " tells nothing: install it there";
    if (has("is not there") && has("the folder")) return "mkdir -p there, or use --wdir";
    return word.hosts.empty()
               ? "prun -v " + program
               : fmt::format("prun -v -H {} {}", target(examination_.hosts[word.hosts.front()]),
                             program);
  }

  // True if there is one, and `is_so` holds for all.
  template <class Test>
  bool all_pairs_of(std::size_t host, Test is_so) const {
    bool any = false;
    for (const auto& pair : examination_.pairs) {
      if (pair.first != host && pair.second != host) continue;
      if (!is_so(pair)) return false;
      any = true;
    }
    return any;
  }

  double best_round_trip(std::size_t host) const {
    double best = 1e9;
    for (const auto& pair : examination_.pairs) {
      if (pair.first == host || pair.second == host) best = std::min(best, pair.round_trip_seconds);
    }
    return best;
  }

  double best_speed(std::size_t host) const {
    double best = 0;
    for (const auto& pair : examination_.pairs) {
      if (pair.first == host || pair.second == host) best = std::max(best, speed_of(pair));
    }
    return best;
  }

  // The worse direction: that is what a job waits for.
  static double speed_of(const PairFacts& pair) {
    return std::min(pair.there_bytes_per_second, pair.back_bytes_per_second);
  }

  static std::string words_of(std::uint32_t bits) {
    std::vector<std::string> words;
    if ((bits & PowerState::capped) != 0) words.emplace_back("its clock is capped");
    if ((bits & PowerState::throttled) != 0) words.emplace_back("throttled");
    if ((bits & PowerState::hot) != 0) words.emplace_back("near its limit of heat");
    return fmt::format("{}", fmt::join(words, ", "));
  }

  static std::string sudo(const HostFacts& host) { return host.is_root ? "" : "sudo "; }

  static std::string target(const HostFacts& host) {
    return host.host.user.empty() ? host.host.name : host.host.user + "@" + host.host.name;
  }

  static bool hosts_name_is_plain(const HostFacts& host) {
    return host.host.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") ==
               std::string::npos &&
           host.host.name.find_first_not_of("0123456789") != std::string::npos;
  }

  // Of this machine no login tells it; its name may.
  static std::string own_address(const HostFacts& host) {
    for (const auto& address : host.addresses) {
      if (!address.starts_with("127.") && address != "::1") return address;
    }
    return {};
  }

  // A command to type here that runs there.
  static std::string on(const HostFacts& host, const std::string& command) {
    if (host.local) return command;
    std::string quoted;
    for (const char letter : command) {
      if (letter == '"' || letter == '$' || letter == '\\' || letter == '`') quoted += '\\';
      quoted += letter;
    }
    // sudo may ask for a password, which wants a terminal.
    const bool asks = command.starts_with("sudo ");
    return fmt::format("{} \"{}\"", ssh::login_words(host.host, asks ? "ssh -t" : "ssh"), quoted);
  }

  void add(Severity severity, const std::string& id, std::vector<std::size_t> hosts,
           const std::string& sentence, const std::string& repair) {
    found_.push_back({severity, id, std::move(hosts), sentence, repair});
  }

  const Examination& examination_;
  std::vector<Finding> found_;
};

}  // namespace

std::vector<Finding> find_faults(const Examination& examination) {
  return Findings(examination).take();
}

int exit_status_of(const std::vector<Finding>& findings) {
  int status = 0;
  for (const auto& finding : findings)
    status = std::max(status, finding.severity == Severity::failure ? 2 : 1);
  return status;
}

}  // namespace prun::doctor
