#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "launcher/doctor/finding_groups.hpp"
#include "launcher/doctor/repair_words.hpp"

namespace prun::doctor {
namespace {

// A pair is slow where others are more than twice as fast: less is noise, or one switch more.
constexpr double slow_factor = 2;
// Round trips vary more, and on fast links all of them are short.
constexpr double long_factor = 5;
constexpr double shortest_long_round_trip = 2e-3;

// The worse direction: that is what a job waits for.
double speed_of(const PairFacts& pair) {
  return std::min(pair.there_bytes_per_second, pair.back_bytes_per_second);
}

class LinkFindings : FindingGroup {
 public:
  using FindingGroup::FindingGroup;

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
            on_host(host, fmt::format("{}ethtool -s {} autoneg on", sudo_for(host), link.name)));
      }
      // 10 where others have 100 or more is a bad cable; 100 beside 1000 is an older board.
      if (link.mbit && *link.mbit <= 10 && fastest > 10) {
        add(Severity::warning, "link-speed", {i},
            fmt::format("its {} has agreed on {} Mbit/s, where others have {}", link.name,
                        *link.mbit, fastest),
            fmt::format("try another cable and port; then {}",
                        on_host(host, fmt::format("{}ethtool {}", sudo_for(host), link.name))));
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
          host.architecture == "aarch64" || host.architecture == "armhf"
              ? fmt::format("build it, in the sources of prun: scripts/build-agents {}",
                            host.architecture)
              : fmt::format(
                    "build prun on it, and: scp {}:prun/build/release/bin/prun-tune prun-tune-{}",
                    login_target(host), host.architecture));
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
          on_host(examination_.hosts[i], "top -bn1 | head -15"));
    }
  }

 private:
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
            : fmt::format(
                  "try another cable and port of the switch; then {}",
                  on_host(host, fmt::format("{}ethtool {}", sudo_for(host),
                                            host.interface ? host.interface->name : "eth0")));
    add(Severity::warning, "slow-link", {i},
        fmt::format("all its links are slow: it sends {:.1f} and receives {:.1f} Mbit/s, most "
                    "others {:.1f}",
                    there * 8e-6, back * 8e-6, usual_speed * 8e-6),
        repair);
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
};

}  // namespace

void find_link_faults(const Examination& examination, std::vector<Finding>& found) {
  LinkFindings findings(examination, found);
  findings.look_at_interfaces();
  findings.look_at_pairs();
}

}  // namespace prun::doctor
