// A program that does what its first argument says, on the rank its second argument names (the
// others play along): how jobs end when a rank misbehaves, and when it leaves in good order.
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <optional>
#include <prun/prun.hpp>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;

double processor_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

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
  } else if (scenario == "blocked") {
    // How much of a core it costs to wait: the actor is late.
    if (acts) {
      std::this_thread::sleep_for(2s);
      for (int rank = 0; rank < world.size(); ++rank) {
        if (rank != actor) world.send(1, rank, 4);
      }
    } else {
      const double before = processor_seconds();
      world.recv<int>(actor, 4);
      std::printf("%.4f\n", processor_seconds() - before);
    }
    world.barrier();
  } else if (scenario == "stream") {
    // Large messages around a ring, without end, until somebody is killed.
    std::vector<std::byte> out(std::size_t{3} << 20);
    std::vector<std::byte> in(out.size());
    if (acts) std::printf("%d\n", static_cast<int>(::getpid()));
    std::fflush(stdout);
    for (;;) {
      world.sendrecv(out, (world.rank() + 1) % world.size(), 0, in,
                     (world.rank() + world.size() - 1) % world.size());
    }
  } else if (scenario == "withdraws") {
    // Receives of large messages that run into their deadline in the middle, over and over: memory
    // given back is not written any more, and what follows is whole.
    constexpr int rounds = 20;  // what is never received fits into the memory for it
    for (int round = 0; round < rounds; ++round) {
      const std::vector<std::int32_t> first(700'000, round);
      const std::vector<std::int32_t> second(700'000, round + rounds);
      if (acts) {
        world.send(first, 1 - actor, round);
        world.send(second, 1 - actor, round + rounds);
        continue;
      }
      std::vector<std::int32_t> into(first.size(), -1);
      bool whole = true;
      try {
        world.recv(std::span(into), actor, round, std::chrono::microseconds(15 * round));
      } catch (const prun::Error&) {
        whole = false;
      }
      const std::vector<std::int32_t> then = into;
      if (whole && into != first) return 7;
      if (world.recv<std::vector<std::int32_t>>(actor, round + rounds) != second) return 8;
      if (into != then) return 9;
    }
    if (!acts) std::printf("whole\n");
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
