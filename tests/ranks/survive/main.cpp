// Jobs that go on without ranks they lose (prun --on-failure=continue). A broken promise ends the job
// with status 9.
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <prun/prun.hpp>
#include <string>

#include "tests/ranks/losing.hpp"
#include "tests/ranks/survive/scenarios.hpp"

int main(int argc, char** argv) {
  prun::Environment env(argc, argv);
  using namespace prun::test;
  the_env = &env;
  const prun::Communicator& world = env.world();
  const std::string scenario = argc > 1 ? argv[1] : "";
  const std::string argument = argc > 2 ? argv[2] : "";
  const std::map<std::string, std::function<void()>> scenarios{
      {"point-to-point", [&] { point_to_point(world); }},
      {"waiting", [&] { waiting(world); }},
      {"from-any", [&] { from_any(world); }},
      {"nobody-left", [&] { nobody_left(world); }},
      {"several", [&] { several(world); }},
      {"farm", [&] { farm(world); }},
      {"collectives", [&] { in_collectives(world, argument); }},
      {"non-blocking", [&] { non_blocking(world); }},
      {"one-after-the-other", [&] { one_after_the_other(world); }},
      {"at-once", [&] { at_once(world); }},
      {"meanwhile", [&] { meanwhile(world); }},
      {"chain", [&] { chain(world); }},
      {"without-loss", [&] { without_loss(world); }},
      {"undisturbed", [&] { undisturbed(world); }},
      {"until-lost", [&] { until_lost(world); }},
      {"until-broken", [&] { until_broken(world, argument == "on"); }},
      {"random", [&] { at_random(world, static_cast<unsigned>(std::atoi(argument.c_str()))); }},
  };
  const auto found = scenarios.find(scenario);
  check(found != scenarios.end(), "no such scenario: " + scenario);
  try {
    found->second();
  } catch (const prun::Error& error) {
    check(false, error.what());
  }
  if (world.rank() == 0) std::printf("survived\n");
}
