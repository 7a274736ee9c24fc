#include "opening.hpp"

#include <cstdint>
#include <cstdio>

#include "film_delivery.hpp"
#include "messages.hpp"
#include "obstacles.hpp"
#include "player.hpp"
#include "regrouping.hpp"

namespace wall {
namespace {

using Say = std::function<void(const std::string&)>;

Obstacles obstacles_of(prun::Environment& env, const Options& options,
                       const std::vector<std::string>& films) {
  return find_obstacles(env.world(), parse_player(options.player).front(), films);
}

std::string missing_from(const prun::Communicator& all, const prun::Communicator& left) {
  std::string names;
  for (int rank = 0; rank < all.size(); ++rank) {
    const int in_job = all.world_rank(rank);
    if (left.rank_of_world(in_job)) continue;
    names +=
        (names.empty() ? "rank " : ", rank ") + std::to_string(in_job) + " on " + all.host(rank);
  }
  return names;
}

// All decide alike whether it has to be done once more, by who is left: nobody leaves the barrier
// before all have come to it, and nobody comes to survivors() without a loss or from behind the
// barrier. So where nobody was lost everybody was through, whatever the barrier said. Nothing: rank
// 0 is lost.
std::optional<Opening> open_together(prun::Environment& env, const Options& options,
                                     const FilmLender& lender, const Say& say) {
  for (prun::Communicator comm = env.world();;) {
    std::vector<std::string> films;
    Obstacles obstacles;
    try {
      films = deliver_films(comm, lender.everybodys(), say);
      obstacles = gather_obstacles(comm, obstacles_of(env, options, films));
      comm.barrier();
    } catch (const prun::Error& error) {
      if (error.code() != prun::Errc::peer_lost) throw;
    }
    const prun::Communicator left = comm.survivors();
    if (left.size() == comm.size()) {
      std::fputs(obstacles.text.c_str(), stderr);
      return Opening{left, films, obstacles.exit_status};
    }
    if (!left.rank_of_world(0)) return std::nullopt;
    if (left.rank() == 0) say("films are looked for again, without " + missing_from(comm, left));
    comm = left;
  }
}

std::optional<Opening> open_alone(prun::Environment& env, const Options& options,
                                  const FilmLender& lender, const Say& say) {
  for (;;) {
    const auto comm = find_conductor(env);
    if (!comm) return std::nullopt;
    const auto films = borrow_films(*comm, lender, say);
    if (!films) continue;
    const Obstacles obstacles = obstacles_of(env, options, *films);
    if (obstacles.exit_status != 0) {
      std::fputs(obstacles.text.c_str(), stderr);
      try {
        comm->send(std::int32_t{1}, 0, done_tag);  // the others wait for it no more
      } catch (const prun::Error& error) {
        if (!is_gone(error)) throw;
      }
    }
    return Opening{*comm, *films, obstacles.exit_status};
  }
}

}  // namespace

std::optional<Opening> open_wall(prun::Environment& env, const Options& options,
                                 const FilmLender& lender, const Say& say) {
  if (env.incarnation() == 0) {
    if (auto opening = open_together(env, options, lender, say)) return opening;
  }
  return open_alone(env, options, lender, say);
}

}  // namespace wall
