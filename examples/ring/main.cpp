#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include <prun/prun.hpp>

// A token goes around all ranks, again and again; rank 0 times the rounds and looks at the token
// whenever it comes back.
namespace {

struct Token {
  std::uint64_t round = 0;
  std::uint64_t hops = 0;  // each rank adds one when it passes the token on
};

// Every rank reads the same arguments and so comes to the same end; rank 0 alone says why.
int explain(const CLI::App& app, const CLI::ParseError& end, const prun::Communicator& world) {
  if (world.rank() == 0) app.exit(end);
  world.barrier();  // nobody leaves, which would end the job, before it is said
  return end.get_exit_code() == 0 ? 0 : 2;
}

// Rank 0: sends the token off and takes it back, once a round. Gives the seconds each round took.
std::vector<double> run_rounds(prun::Environment& env, std::uint64_t rounds) {
  const prun::Communicator& world = env.world();
  const int next = 1 % world.size();
  const int previous = world.size() - 1;
  std::vector<double> seconds;
  for (std::uint64_t round = 0; round < rounds; ++round) {
    const double start = prun::Environment::wtime();
    world.send(Token{round, 1}, next);
    const auto token = world.recv<Token>(previous);
    seconds.push_back(prun::Environment::wtime() - start);
    if (token.round != round || token.hops != static_cast<std::uint64_t>(world.size())) {
      env.abort(EXIT_FAILURE, "the token of round " + std::to_string(round) +
                                  " came back as that of round " + std::to_string(token.round) +
                                  " after " + std::to_string(token.hops) + " hops");
    }
  }
  return seconds;
}

// Every other rank: passes the token on, once a round.
void pass_on(const prun::Communicator& world, std::uint64_t rounds) {
  const int next = (world.rank() + 1) % world.size();
  const int previous = world.rank() - 1;
  for (std::uint64_t round = 0; round < rounds; ++round) {
    auto token = world.recv<Token>(previous);
    ++token.hops;
    world.send(token, next);
  }
}

void report(std::vector<double> seconds, int ranks) {
  std::sort(seconds.begin(), seconds.end());
  const double hops = ranks;
  std::printf("ring of %d %s, %zu %s: %.1f us per hop (median; %.1f at best)\n", ranks,
              ranks == 1 ? "rank" : "ranks", seconds.size(),
              seconds.size() == 1 ? "round" : "rounds", seconds[seconds.size() / 2] / hops * 1e6,
              seconds.front() / hops * 1e6);
  std::printf("the token came back as it should every time\n");
}

}  // namespace

int main(int argc, char** argv) try {
  prun::Environment env(argc, argv);
  const prun::Communicator& world = env.world();

  CLI::App app("Passes a token around all ranks and times it.", "ring");
  std::uint64_t rounds = 1000;
  app.add_option("ROUNDS", rounds, "how often the token goes around")
      ->capture_default_str()
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000'000}));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& end) {
    return explain(app, end, world);
  }

  world.barrier();  // the first round is not to pay for ranks that are still starting
  if (world.rank() == 0) {
    report(run_rounds(env, rounds), world.size());
  } else {
    pass_on(world, rounds);
  }
} catch (const std::exception& error) {
  std::cerr << "ring: " << error.what() << '\n';
  return EXIT_FAILURE;
}
