#include "film_delivery.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <set>
#include <span>

#include "film_file.hpp"

namespace wall {
namespace {

// A message of the broadcast: large enough to fill a link, small enough to be held twice by a board.
constexpr std::int64_t piece_bytes = std::int64_t{1} << 20;

// Collective over the rank that has it, which is 0 in `group`, and those that write it down.
void send_along(const prun::Communicator& group, const std::string& film,
                const FilmVersion& version, const std::function<void(std::int64_t)>& on_progress) {
  std::optional<IncomingFilm> incoming;
  if (group.rank() != 0) incoming.emplace(film, version, group.world_rank(group.rank()));
  std::vector<char> piece;
  for (std::int64_t done = 0; done < version.bytes;) {
    piece.resize(static_cast<std::size_t>(std::min(piece_bytes, version.bytes - done)));
    if (!incoming) read_film(film, done, piece);
    group.bcast(std::span<char>(piece), 0);
    if (incoming) incoming->add(piece);
    done += static_cast<std::int64_t>(piece.size());
    on_progress(done);
  }
  if (incoming) incoming->finish();
}

}  // namespace

std::vector<int> receivers_of(const std::vector<std::int32_t>& have, const std::vector<bool>& needs,
                              const std::vector<std::string>& hosts) {
  std::vector<int> receivers;
  std::set<std::string> served;
  for (std::size_t rank = 0; rank < have.size(); ++rank) {
    if (needs[rank] && have[rank] == 0 && served.insert(hosts[rank]).second) {
      receivers.push_back(static_cast<int>(rank));
    }
  }
  return receivers;
}

std::vector<std::string> deliver_films(const prun::Communicator& comm,
                                       const std::vector<std::vector<std::string>>& films,
                                       const std::function<void(const std::string&)>& say) {
  const auto ranks = static_cast<std::size_t>(comm.size());
  const auto me = static_cast<std::size_t>(comm.rank());
  const auto films_of = [&](std::size_t rank) -> const std::vector<std::string>& {
    return films[static_cast<std::size_t>(comm.world_rank(static_cast<int>(rank)))];
  };
  std::vector<std::string> hosts;
  std::set<std::string> names;
  for (std::size_t rank = 0; rank < ranks; ++rank) {
    hosts.push_back(comm.host(static_cast<int>(rank)));
    names.insert(films_of(rank).begin(), films_of(rank).end());
  }
  std::vector<std::string> mine = films_of(me);
  for (const std::string& name : names) {
    if (is_address(name)) continue;
    std::vector<bool> needs;
    for (std::size_t rank = 0; rank < ranks; ++rank) {
      const auto& of_rank = films_of(rank);
      needs.push_back(std::find(of_rank.begin(), of_rank.end(), name) != of_rank.end());
    }
    std::vector<FilmVersion> found(ranks);
    comm.allgather(version_of(name), found);
    const auto source = std::find_if(found.begin(), found.end(),
                                     [](const FilmVersion& one) { return one.bytes >= 0; });
    if (source == found.end()) continue;
    // What was sent another time is as good, if it is the same.
    const bool has = found[me].bytes >= 0 || version_of(kept_film(name)) == *source;
    std::vector<std::int32_t> have(ranks);
    comm.allgather(std::int32_t{has}, have);
    const auto from = static_cast<int>(source - found.begin());
    const std::vector<int> to = receivers_of(have, needs, hosts);

    const bool takes_part =
        from == comm.rank() || std::count(to.begin(), to.end(), comm.rank()) != 0;
    if (!to.empty()) {
      if (me == 0) {
        say(name + " goes from " + hosts[static_cast<std::size_t>(from)] + " to " +
            std::to_string(to.size()) + (to.size() == 1 ? " host" : " hosts"));
      }
      const prun::Communicator group = comm.split(takes_part ? std::optional<int>(0) : std::nullopt,
                                                  from == comm.rank() ? -1 : 0);
      int tenths_told = 0;
      const auto tell = [&](std::int64_t done) {
        const auto tenths = static_cast<int>(done * 10 / source->bytes);
        if (tenths <= tenths_told || group.rank() != 0) return;
        tenths_told = tenths;
        say(name + ": " + std::to_string(10 * tenths) + " % sent");
      };
      if (takes_part) send_along(group, name, *source, tell);
      comm.barrier();
    }
    if (found[me].bytes < 0) {
      std::replace(mine.begin(), mine.end(), name, kept_film(name));
    }
  }
  return mine;
}

}  // namespace wall
