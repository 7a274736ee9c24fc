#include <unistd.h>

#include <CLI/CLI.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include <prun/prun.hpp>

#include "film_name.hpp"
#include "player.hpp"

// A wall of screens, one to a rank: each plays its own film, all start together, round after round.
namespace {

struct Options {
  std::string films = "screen%n.mp4";
  std::string player = "mpv --fs";
  std::string display;  // empty: the host's own, or :0.0 where it names none
  std::uint64_t rounds = 100;
};

// Every rank reads the same arguments and so comes to the same end; rank 0 alone says why.
int explain(const CLI::App& app, const CLI::ParseError& end, const prun::Communicator& world) {
  if (world.rank() == 0) app.exit(end);
  world.barrier();  // nobody leaves, which would end the job, before it is said
  return end.get_exit_code() == 0 ? 0 : 2;
}

// An argument is sound when `use` takes it; what it throws otherwise is the explanation.
template <class Use>
CLI::Validator sound(Use use) {
  return CLI::Validator(
      [use](std::string& argument) -> std::string {
        try {
          use(argument);
          return {};
        } catch (const std::invalid_argument& error) {
          return error.what();
        }
      },
      "");
}

std::string with_spaces(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : " ") + word;
  return line;
}

// A player started over ssh knows no screen; a host with a desktop has the first one.
void choose_display(const std::string& display) {
  if (!display.empty()) {
    setenv("DISPLAY", display.c_str(), 1);
  } else if (std::getenv("DISPLAY") == nullptr && std::getenv("WAYLAND_DISPLAY") == nullptr) {
    setenv("DISPLAY", ":0.0", 1);
  }
}

// What keeps a rank from playing, a line each, and the exit status a shell would give it.
struct Obstacles {
  std::string text;
  int exit_status = 0;
};

Obstacles find_obstacles(const prun::Communicator& world, const std::string& program,
                         const std::string& film) {
  const std::string who = "rank " + std::to_string(world.rank()) + " on " + world.host() + ": ";
  Obstacles obstacles;
  const bool is_address = film.find("://") != std::string::npos;
  if (!is_address && access(film.c_str(), R_OK) != 0) {
    const std::string cause = std::generic_category().message(errno);
    std::error_code error;
    obstacles.text +=
        who + film + ": " + cause + " (in " + std::filesystem::current_path(error).string() + ")\n";
    obstacles.exit_status = EXIT_FAILURE;
  }
  if (!can_start(program)) {
    obstacles.text += who + "there is no player " + program +
                      "; install it there, or name another with --player\n";
    obstacles.exit_status = 127;
  }
  return obstacles;
}

// Has rank 0 tell everything that is missing anywhere, before anything plays. Collective; gives the
// same exit status everywhere, 0 when nothing is missing.
int tell_obstacles(const prun::Communicator& world, const Obstacles& mine) {
  const std::vector<char> all = world.gatherv(mine.text, 0);
  std::fwrite(all.data(), 1, all.size(), stderr);
  return world.allreduce(mine.exit_status, prun::max);
}

void play_rounds(prun::Environment& env, const std::vector<std::string>& command,
                 std::uint64_t rounds) {
  const prun::Communicator& world = env.world();
  // The first message between two ranks makes their connection, which takes a moment. The first
  // film is to start everywhere at once, so the barrier is gone through once for that.
  world.barrier();
  for (std::uint64_t round = 0; round < rounds; ++round) {
    world.barrier();
    if (const std::optional<PlayerFailure> failure = play(command)) {
      std::string text = "the player on " + world.host() + " " + failure->how + ": " +
                         with_spaces(command) + " (round " + std::to_string(round + 1) + ")";
      if (!failure->last_words.empty()) text += "\nits last words:\n" + failure->last_words;
      env.abort(failure->exit_status, text);
    }
  }
  world.barrier();
}

}  // namespace

int main(int argc, char** argv) try {
  prun::Environment env(argc, argv);
  const prun::Communicator& world = env.world();

  CLI::App app("Plays a film on every screen of a wall, one screen to a rank.", "videowall");
  Options options;
  app.add_option("--files", options.films,
                 "film of each screen: %n is the rank counted from 1, %r from 0, %h the host")
      ->capture_default_str()
      ->check(sound([](const std::string& pattern) { film_name(pattern, 0, ""); }));
  app.add_option("--player", options.player, "program that plays one film and then ends")
      ->capture_default_str()
      ->check(sound([](const std::string& line) { split_words(line); }));
  app.add_option("--display", options.display,
                 "X display to play on; otherwise what each host's environment names, or :0.0");
  app.add_option("--loop", options.rounds, "how often to play")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& end) {
    return explain(app, end, world);
  }

  std::vector<std::string> command = split_words(options.player);
  const std::string film = film_name(options.films, world.rank(), world.host());
  const int missing = tell_obstacles(world, find_obstacles(world, command.front(), film));
  if (missing != 0) return missing;
  command.push_back(film);
  choose_display(options.display);

  const double start = prun::Environment::wtime();
  if (world.rank() == 0) {
    for (int rank = 0; rank < world.size(); ++rank) {
      std::printf("rank %d on %s: %s\n", rank, world.host(rank).c_str(),
                  film_name(options.films, rank, world.host(rank)).c_str());
    }
    std::fflush(stdout);
  }
  play_rounds(env, command, options.rounds);
  if (world.rank() == 0) {
    std::printf("%llu round%s played on %d screen%s in %.1f s\n",
                static_cast<unsigned long long>(options.rounds), options.rounds == 1 ? "" : "s",
                world.size(), world.size() == 1 ? "" : "s", prun::Environment::wtime() - start);
  }
} catch (const std::exception& error) {
  std::fprintf(stderr, "videowall: %s\n", error.what());
  return EXIT_FAILURE;
}
