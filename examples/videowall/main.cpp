#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>

#include <CLI/CLI.hpp>
#include <prun/prun.hpp>

#include "options.hpp"
#include "rank.hpp"

// One picture over many screens, one screen to a rank, frame for frame. README.md says how to use it,
// classic.cpp is the same idea in its simplest form.
namespace {

// Every rank reads the same arguments and so comes to the same end; rank 0 alone says why.
int explain(const CLI::App& app, const CLI::Error& end, const prun::Communicator& world) {
  if (world.rank() == 0) app.exit(end);
  world.barrier();  // nobody leaves, which would end the job, before it is said
  return end.get_exit_code() == 0 ? 0 : 2;
}

}  // namespace

int main(int argc, char** argv) try {
  prun::Environment env(argc, argv);
  CLI::App app("One picture over many screens, frame for frame, one screen to a rank.",
               "videowall");
  wall::Options options;
  wall::describe(app, options);
  try {
    app.parse(argc, argv);
    wall::check_together(options);
  } catch (const CLI::ParseError& end) {
    return explain(app, end, env.world());
  } catch (const std::invalid_argument& error) {
    return explain(app, CLI::ValidationError(error.what()), env.world());
  }
  return wall::run_rank(env, options);
} catch (const std::exception& error) {
  std::fprintf(stderr, "videowall: %s\n", error.what());
  return EXIT_FAILURE;
}
