#include "launcher/hosts/placement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "runtime/wire/limits.hpp"

namespace prun::hosts {
namespace {

using core::Failure;
using core::Result;

Failure too_many(std::uint64_t ranks) {
  return Failure{Errc::invalid_argument, fmt::format("{} ranks are more than one job may have ({})",
                                                     ranks, wire::max_ranks)};
}

// Each machine once, in the order first named.
class Machines {
 public:
  std::uint32_t index_of(const Host& host) {
    const auto [known, is_new] = index_of_.try_emplace({host.name, host.user, host.port},
                                                       static_cast<std::uint32_t>(list_.size()));
    if (is_new) list_.push_back(host);
    return known->second;
  }
  std::vector<Host>& list() { return list_; }

 private:
  std::vector<Host> list_;
  std::map<std::tuple<std::string, std::string, std::uint16_t>, std::uint32_t> index_of_;
};

// Machines with a number of places each, which are taken one by one; when all are taken, once more
// from the beginning.
class Places {
 public:
  // The slots of a machine are the sum over all the entries that name it.
  Places(const std::vector<Host>& named, std::optional<std::uint32_t> per_host,
         Machines& machines) {
    std::map<std::uint32_t, std::size_t> entry_of;
    for (const auto& host : named) {
      const std::uint32_t machine = machines.index_of(host);
      const auto [known, is_new] = entry_of.try_emplace(machine, entries_.size());
      if (is_new) entries_.push_back({machine, 0, 0});
      std::uint64_t& share = entries_[known->second].share;
      share = per_host ? *per_host : share + host.slots;
    }
  }

  bool none() const {
    return std::all_of(entries_.begin(), entries_.end(),
                       [](const Entry& entry) { return entry.share == 0; });
  }
  std::uint64_t left() const {
    std::uint64_t sum = 0;
    for (const auto& entry : entries_) sum += entry.share - entry.taken;
    return sum;
  }

  // There is at least one place in all.
  std::uint32_t take(PlacementOrder order) {
    if (left_in_round_ == 0) {
      for (auto& entry : entries_) entry.taken = 0;
      left_in_round_ = left();
      next_ = 0;
    }
    while (entries_[next_].taken == entries_[next_].share) next_ = (next_ + 1) % entries_.size();
    Entry& entry = entries_[next_];
    ++entry.taken;
    --left_in_round_;
    if (order == PlacementOrder::by_host) next_ = (next_ + 1) % entries_.size();
    return entry.machine;
  }

 private:
  struct Entry {
    std::uint32_t machine;
    std::uint64_t share;
    std::uint64_t taken;
  };

  std::vector<Entry> entries_;
  std::size_t next_ = 0;
  std::uint64_t left_in_round_ = 0;
};

// How many places the user gave each machine, whoever uses them.
core::Status check_room(const std::vector<PlacedProgram>& programs, const PlacementRules& rules,
                        Machines& machines, const std::vector<std::uint32_t>& host_of_rank) {
  std::vector<std::uint64_t> places(machines.list().size());
  std::vector<std::uint64_t> used(machines.list().size());
  for (const auto& program : programs) {
    std::vector<std::uint64_t> of_program(places.size());
    for (const auto& host : program.hosts) of_program[machines.index_of(host)] += host.slots;
    // Two programs that name a host mean the same places.
    for (std::size_t i = 0; i < places.size(); ++i) places[i] = std::max(places[i], of_program[i]);
  }
  for (const auto host : host_of_rank) ++used[host];
  for (std::size_t i = 0; i < places.size(); ++i) {
    const bool named = places[i] != 0;
    const std::uint64_t room = named ? places[i] : rules.own_cores;
    if (used[i] <= room) continue;
    const std::string& name = machines.list()[i].name;
    return Failure{
        Errc::invalid_argument,
        named
            ? fmt::format("{} has {} and would get {} ranks (--nooversubscribe); name more hosts, "
                          "or write {}:{}",
                          name, room == 1 ? "1 place" : fmt::format("{} places", room), used[i],
                          name, used[i])
            : fmt::format("{} ranks are more than the {} of this machine (--nooversubscribe)",
                          used[i], room == 1 ? "1 core" : fmt::format("{} cores", room))};
  }
  return core::Done{};
}

// Leaves out the machines without ranks.
void drop_unused(std::vector<Host>& hosts, std::vector<std::uint32_t>& host_of_rank) {
  std::vector<std::uint32_t> new_index(hosts.size(), 0);
  for (const auto host : host_of_rank) new_index[host] = 1;
  std::vector<Host> kept;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    if (new_index[i] == 0) continue;
    new_index[i] = static_cast<std::uint32_t>(kept.size());
    kept.push_back(std::move(hosts[i]));
  }
  hosts = std::move(kept);
  for (auto& host : host_of_rank) host = new_index[host];
}

}  // namespace

Result<Placement> place(const std::vector<PlacedProgram>& programs, const PlacementRules& rules) {
  Placement placement;
  placement.local = std::all_of(programs.begin(), programs.end(),
                                [](const auto& program) { return program.hosts.empty(); });
  Host here;
  here.name = rules.own_name;
  const auto& first = programs.front().hosts;
  const auto shared_hosts = first.empty() ? std::vector<Host>{here} : first;

  Machines machines;
  Places shared(shared_hosts, std::nullopt, machines);
  for (std::uint32_t index = 0; index < programs.size(); ++index) {
    const auto& [own_hosts, request] = programs[index];
    if (request.ranks == 0u || request.per_host == 0u) {
      return Failure{Errc::invalid_argument, "a job needs at least one rank"};
    }
    const bool shares = (index == 0 || own_hosts.empty()) && !request.per_host;
    Places own(own_hosts.empty() ? shared_hosts : own_hosts, request.per_host, machines);
    Places& places = shares ? shared : own;
    if (places.none()) return Failure{Errc::invalid_argument, "no host offers a place for a rank"};
    std::uint64_t wanted = request.ranks.value_or(0);
    if (!request.ranks) {
      wanted = shares && first.empty() ? 1 : places.left();
      if (wanted == 0) {
        return Failure{
            Errc::invalid_argument,
            fmt::format("the programs before program {} have taken every place: say with "
                        "-n how many ranks it should have",
                        index + 1)};
      }
    }
    wanted += placement.host_of_rank.size();
    if (wanted > wire::max_ranks) return too_many(wanted);
    while (placement.host_of_rank.size() < wanted)
      placement.host_of_rank.push_back(places.take(rules.order));
    placement.program_of_rank.resize(placement.host_of_rank.size(), index);
  }
  if (!rules.oversubscribe) {
    const auto room = check_room(programs, rules, machines, placement.host_of_rank);
    if (!room) return room.failure();
  }
  placement.hosts = std::move(machines.list());
  drop_unused(placement.hosts, placement.host_of_rank);
  if (placement.hosts.size() > wire::max_hosts) {
    return Failure{Errc::invalid_argument,
                   fmt::format("{} hosts are more than one job may have ({})",
                               placement.hosts.size(), wire::max_hosts)};
  }
  return placement;
}

}  // namespace prun::hosts
