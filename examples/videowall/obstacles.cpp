#include "obstacles.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "film_file.hpp"
#include "null_player.hpp"
#include "words.hpp"

namespace wall {

Obstacles find_obstacles(const prun::Communicator& world, const std::string& program,
                         const std::vector<std::string>& films) {
  const std::string who = "rank " + std::to_string(world.rank()) + " on " + world.host() + ": ";
  Obstacles obstacles;
  for (const std::string& film : films) {
    if (is_address(film) || access(film.c_str(), R_OK) == 0) continue;
    const std::string cause = std::generic_category().message(errno);
    std::error_code error;
    obstacles.text +=
        who + film + ": " + cause + " (in " + std::filesystem::current_path(error).string() +
        "), nor has any other host it; prun --stage " + film + " ... sends it along\n";
    obstacles.exit_status = EXIT_FAILURE;
  }
  if (!is_null_player(program) && !can_start(program)) {
    obstacles.text += who + "there is no player " + program +
                      "; install it there (apt install mpv), or name another with --player\n";
    obstacles.exit_status = 127;
  }
  return obstacles;
}

Obstacles gather_obstacles(const prun::Communicator& comm, const Obstacles& mine) {
  const std::vector<char> all = comm.gatherv(mine.text, 0);
  return {std::string(all.begin(), all.end()), comm.allreduce(mine.exit_status, prun::max)};
}

}  // namespace wall
