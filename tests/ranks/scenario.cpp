// A program that does what its first argument says, on the rank its second argument names (the
// others play along): how jobs end when a rank misbehaves, and when it leaves in good order.
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <optional>
#include <prun/prun.hpp>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;

// Waits for a message that never comes, and says what came instead.
int wait_for(prun::Communicator& world, int source) {
  try {
    world.recv<int>(source, 1);
  } catch (const prun::Error& error) {
    std::printf("%s: %s\n", prun::to_string(error.code()), error.what());
    return 0;
  }
  return 9;
}

int play(prun::Environment& env, const std::string& scenario, int actor) {
  prun::Communicator& world = env.world();
  const bool acts = world.rank() == actor;
  world.barrier();

  if (scenario == "killed") {
    if (acts) std::raise(SIGKILL);
    world.barrier();
  } else if (scenario == "segfault") {
    if (acts) {
      std::signal(SIGSEGV, SIG_DFL);  // a sanitizer would turn it into an exit
      std::raise(SIGSEGV);
    }
    world.recv<int>(prun::any_source, 1);
  } else if (scenario == "exits") {
    if (acts) std::_Exit(7);
    world.allreduce(1, std::plus<>{});
  } else if (scenario == "exits-without-finalize") {
    if (acts) std::exit(0);  // the Environment on main's stack is not destroyed
    world.barrier();
  } else if (scenario == "throws") {
    if (acts) throw std::runtime_error("the disk is full");
    world.barrier();
  } else if (scenario == "aborts") {
    if (acts) env.abort(42, "gives up: no data");
    world.barrier();
  } else if (scenario == "leaves-early") {
    // Its last words arrive although nobody listens yet, and it need not wait for that.
    std::vector<std::int32_t> words(200'000);
    std::iota(words.begin(), words.end(), 0);
    if (acts) {
      for (int rank = 0; rank < world.size(); ++rank) {
        if (rank != actor) world.isend(words, rank, 5).wait();
      }
      return 0;
    }
    if (world.recv<std::vector<std::int32_t>>(actor, 5) != words) return 8;
    return wait_for(world, actor);  // and then there is nothing more
  } else if (scenario == "never-joins-again") {
    if (acts) {
      env.finalize();
      try {
        world.barrier();
      } catch (const prun::Error& error) {
        std::printf("%s: %s\n", prun::to_string(error.code()), error.what());
      }
    }
  } else if (scenario == "send-to-the-gone") {
    if (acts) return 0;
    wait_for(world, actor);
    try {
      world.ssend(1, actor, 3);
    } catch (const prun::Error& error) {
      std::printf("%s: %s\n", prun::to_string(error.code()), error.what());
    }
  } else {
    std::fprintf(stderr, "no such scenario: %s\n", scenario.c_str());
    return 2;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string scenario = argc > 1 ? argv[1] : "";
  const int actor = argc > 2 ? std::atoi(argv[2]) : 0;
  if (scenario == "never-joins" && std::getenv("PRUN_RANK") == std::string(argv[2])) return 0;
  prun::Environment env(argc, argv);
  if (scenario == "never-joins") return wait_for(env.world(), actor);
  return play(env, scenario, actor);
}
