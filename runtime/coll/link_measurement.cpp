#include "runtime/coll/link_measurement.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>

#include "runtime/coll/allgather/bruck.hpp"
#include "runtime/coll/bytes.hpp"
#include "runtime/coll/transfers.hpp"

namespace prun::coll {
namespace {

using Clock = std::chrono::steady_clock;

// The first messages between two ranks open their connection: they do not count.
constexpr std::size_t opening_rounds = 2;
constexpr std::size_t counted_rounds = 5;

// A burst is made of pieces below the eager limit and doubles until it takes so long that neither a
// wake-up nor what a link lets pass at once matters.
constexpr std::size_t piece_bytes = 4096;
constexpr std::size_t most_pieces = 32;  // half of what a peer may have outstanding
constexpr Nanoseconds long_enough = 2'000'000;
constexpr int tries = 2;
// The burst that is long enough is tried more often: one hiccup of a busy board is as long.
constexpr int last_tries = 4;

// What is believed: from a bus to a modem. Also keeps the formulas from overflowing.
constexpr Nanoseconds least_latency = 50;
constexpr Nanoseconds most_latency = 100'000'000;
constexpr std::int64_t least_byte_ps = 10;
constexpr std::int64_t most_byte_ps = 100'000'000;

Nanoseconds since(Clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count();
}

// Both send a piece after the other and take those of the other; done when the other has all.
Task exchange_burst(Team team, int partner, std::size_t pieces, std::span<std::byte> memory,
                    Nanoseconds* elapsed) {
  const auto start = Clock::now();
  const std::span<const std::byte> leaving = memory.first(piece_bytes);
  const std::span<std::byte> arriving = memory.subspan(piece_bytes);
  Receives incoming;
  Sends outgoing;
  for (std::size_t i = 0; i < pieces; ++i) incoming.start(team, partner, arriving);
  for (std::size_t i = 0; i < pieces; ++i) outgoing.start(team, partner, leaving);
  while (!incoming.empty()) co_await incoming.oldest();
  while (!outgoing.empty()) co_await outgoing.oldest();
  Receiving heard = team.recv(partner, {});
  Sending told = team.send(partner, {});
  co_await heard;
  co_await told;
  *elapsed = since(start);
}

Task measure_pair(Team team, int partner, Link* link) {
  const bool leads = team.rank() < partner;
  std::array<Nanoseconds, counted_rounds> round_trips{};
  for (std::size_t i = 0; i < opening_rounds + counted_rounds; ++i) {
    const auto start = Clock::now();
    if (leads) {
      Sending out = team.send(partner, {});
      co_await out;
      Receiving in = team.recv(partner, {});
      co_await in;
    } else {
      Receiving in = team.recv(partner, {});
      co_await in;
      Sending out = team.send(partner, {});
      co_await out;
    }
    if (i >= opening_rounds) round_trips[i - opening_rounds] = since(start);
  }
  // The middle: what a message usually takes, with all that goes on beside it.
  std::sort(round_trips.begin(), round_trips.end());
  const Nanoseconds round_trip = round_trips[counted_rounds / 2];

  // The least: what else goes on only ever adds, and the wire is as fast as it is.
  const Scratch memory(2 * piece_bytes);
  std::fill(memory.all().begin(), memory.all().end(), std::byte{0});
  Nanoseconds least = 0;
  std::size_t pieces = 1;
  for (bool enough = false;;) {
    const int attempts = enough ? last_tries : tries;
    for (int attempt = 0; attempt < attempts; ++attempt) {
      Nanoseconds elapsed = 0;
      Task burst = exchange_burst(team, partner, pieces, memory.all(), &elapsed);
      co_await std::move(burst);
      least = attempt == 0 && !enough ? elapsed : std::min(least, elapsed);
    }
    if (enough) break;
    // One of the two decides whether that was long enough.
    std::array<std::byte, 1> verdict{};
    if (leads) {
      verdict[0] = std::byte{pieces > 1 && (least >= long_enough || pieces >= most_pieces)};
      Sending out = team.send(partner, verdict);
      co_await out;
    } else {
      Receiving in = team.recv(partner, verdict);
      co_await in;
    }
    // At the most pieces both know that it was; a partner who denies it would have us go on for ever.
    enough = verdict[0] != std::byte{0} || pieces >= most_pieces;
    if (!enough) pieces *= 2;
  }
  const auto bytes = static_cast<Nanoseconds>(pieces * piece_bytes);
  link->latency = std::clamp(round_trip / 2, least_latency, most_latency);
  link->byte_ps =
      std::clamp((least - round_trips.front()) * 1000 / bytes, least_byte_ps, most_byte_ps);
}

// Whom this member measures with, or nobody.
constexpr int nobody = -1;

int partner_on_another_host(const Team& team) {
  const HostMap* map = team.host_map();
  const int host = map == nullptr ? team.rank() : map->host_of(team.rank());
  if (map != nullptr && map->members(host).front() != team.rank()) return nobody;
  const int other = host ^ 1;
  if (other >= team.hosts()) return nobody;
  return map == nullptr ? other : map->members(other).front();
}

int partner_on_this_host(const Team& team) {
  if (team.host_map() == nullptr) return nobody;
  const std::span<const int> here = team.host_map()->members(team.host_map()->host_of(team.rank()));
  if (here.size() < 2) return nobody;
  if (team.rank() == here[0]) return here[1];
  return team.rank() == here[1] ? here[0] : nobody;
}

// As they travel between members: has, latency, byte_ps for each class.
constexpr std::size_t figures_of_one = 6;

void put(const std::optional<Link>& link, std::span<std::int64_t> figures) {
  figures[0] = link ? 1 : 0;
  figures[1] = link ? link->latency : 0;
  figures[2] = link ? link->byte_ps : 0;
}

std::optional<Link> get(std::span<const std::int64_t> figures) {
  if (figures[0] == 0) return std::nullopt;
  return Link{std::clamp(figures[1], least_latency, most_latency),
              std::clamp(figures[2], least_byte_ps, most_byte_ps)};
}

Task exchange_findings(Team team, const LinkFindings* mine, std::vector<LinkFindings>* of_all) {
  const auto members = static_cast<std::size_t>(team.size());
  std::vector<std::int64_t> figures(members * figures_of_one);
  const auto own =
      std::span(figures).subspan(static_cast<std::size_t>(team.rank()) * figures_of_one);
  put(mine->between_hosts, own);
  put(mine->within_host, own.subspan(3));
  AllgatherArguments all;
  all.all = Blocks::uniform(reinterpret_cast<std::byte*>(figures.data()), team.size(),
                            figures_of_one * sizeof(std::int64_t));
  Task allgather = allgather_bruck(team.of_type(datatype_of<std::int64_t>()), all);
  co_await std::move(allgather);
  of_all->clear();
  for (std::size_t i = 0; i < members; ++i) {
    const auto entry = std::span<const std::int64_t>(figures).subspan(i * figures_of_one);
    of_all->push_back({get(entry), get(entry.subspan(3))});
  }
}

bool covers(const Team& team, const std::vector<LinkFindings>& of_all) {
  return std::all_of(of_all.begin(), of_all.end(), [&team](const LinkFindings& findings) {
    return (team.hosts() == 1 || findings.between_hosts) &&
           (team.per_host() == 1 || findings.within_host);
  });
}

std::optional<Link> agree(std::vector<Link> links) {
  if (links.empty()) return std::nullopt;
  Link agreed;
  for (const Link& link : links) agreed.byte_ps = std::max(agreed.byte_ps, link.byte_ps);
  const auto middle = links.begin() + static_cast<std::ptrdiff_t>(links.size() / 2);
  std::nth_element(links.begin(), middle, links.end(),
                   [](const Link& a, const Link& b) { return a.latency < b.latency; });
  agreed.latency = middle->latency;
  return agreed;
}

}  // namespace

LinkModel agree(const std::vector<LinkFindings>& of_all) {
  std::vector<Link> between;
  std::vector<Link> within;
  for (const LinkFindings& findings : of_all) {
    if (findings.between_hosts) between.push_back(*findings.between_hosts);
    if (findings.within_host) within.push_back(*findings.within_host);
  }
  LinkModel links;
  links.between_hosts = agree(std::move(between)).value_or(links.between_hosts);
  links.within_host = agree(std::move(within)).value_or(links.within_host);
  return links;
}

Task measure_links(Team any_type, LinkFindings* known, LinkModel* links) {
  const Team team = any_type.of_type(datatype_of<std::byte>());
  std::vector<LinkFindings> of_all;
  Task first_round = exchange_findings(team, known, &of_all);
  co_await std::move(first_round);
  if (!covers(team, of_all)) {
    LinkFindings found;
    if (const int partner = partner_on_another_host(team); partner != nobody) {
      Task pair = measure_pair(team, partner, &found.between_hosts.emplace());
      co_await std::move(pair);
    }
    if (const int partner = partner_on_this_host(team); partner != nobody) {
      Task pair = measure_pair(team, partner, &found.within_host.emplace());
      co_await std::move(pair);
    }
    Task second_round = exchange_findings(team, &found, &of_all);
    co_await std::move(second_round);
  }
  *links = agree(of_all);
  if (team.hosts() > 1) known->between_hosts = links->between_hosts;
  if (team.per_host() > 1) known->within_host = links->within_host;
}

}  // namespace prun::coll
