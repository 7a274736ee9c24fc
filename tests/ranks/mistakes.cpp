// A program that makes the mistake its first argument names, as people do who learn message passing;
// and some things that are none, though ranks wait for long. hang_test.py looks for the lines marked
// with "mark:".
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <numeric>
#include <prun/prun.hpp>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using World = prun::Communicator;

int next(const World& world) {
  return (world.rank() + 1) % world.size();
}
int previous(const World& world) {
  return (world.rank() + world.size() - 1) % world.size();
}

// --- mistakes
// --------------------------------------------------------------------------------------------------------

void recv_cycle(World& world) {
  world.recv<int>(previous(world), 7);  // mark: recv_cycle
  world.send(1, next(world), 7);
}

void ssend_cycle(World& world) {
  world.ssend(1, next(world), 7);  // mark: ssend_cycle
  world.recv<int>(previous(world), 7);
}

// More than the memory for messages that nobody has asked for yet.
void send_cycle(World& world) {
  const std::vector<std::byte> large(std::size_t{1} << 20);
  world.send(large, next(world), 1);  // mark: send_cycle
  world.recv<std::vector<std::byte>>(previous(world), 1);
}

void missing_recv(World& world) {
  if (world.rank() == 0) world.ssend(1, 1, 3);  // mark: missing_recv
  world.barrier();
}

void missing_send(World& world) {
  if (world.rank() == 0) world.recv<int>(1, 3);  // mark: missing_send
  world.barrier();
}

void wrong_tag(World& world) {
  if (world.rank() == 0) world.send(1, 1, 8);
  if (world.rank() == 1) world.recv<int>(0, 7);  // mark: wrong_tag
  world.barrier();
}

void wrong_source(World& world) {
  if (world.rank() == 0) world.send(1, 1, 7);
  if (world.rank() == 1) world.recv<int>(2, 7);  // mark: wrong_source
  world.barrier();
}

void wrong_communicator(World& world) {
  const World other = world.dup();
  if (world.rank() == 0) other.send(1, 1, 7);
  if (world.rank() == 1) world.recv<int>(0, 7);  // mark: wrong_communicator
  world.barrier();
}

void wrong_type(World& world) {
  if (world.rank() == 0) world.send(1.5, 1, 7);
  if (world.rank() == 1) world.recv<int>(0, 7);
  world.barrier();
}

void wrong_root(World& world) {
  std::vector<int> all;
  world.gather(world.rank(), all, world.rank() == 2 ? 2 : 0);  // mark: wrong_root
  world.barrier();
}

void skipped_collective(World& world) {
  if (world.rank() != 2) world.barrier();  // mark: skipped_collective
  if (world.rank() == 2) world.recv<int>(0, 5);
}

void other_order(World& world) {
  int value = 1;
  if (world.rank() == 2) {
    world.bcast(value, 0);  // mark: other_order
    world.barrier();
  } else {
    world.barrier();
    world.bcast(value, 0);
  }
}

// Here the messages of one meet the other.
void other_order_of_types(World& world) {
  int value = 1;
  try {
    if (world.rank() == 2) world.bcast(value, 2);
    world.barrier();
  } catch (const prun::Error& error) {
    std::printf("%s\n", error.what());
    std::exit(3);
  }
}

void other_count(World& world) {
  std::vector<int> mine(world.rank() == 2 ? 20 : 10);
  std::vector<int> sum(mine.size());
  try {
    world.allreduce(mine, sum, std::plus<>{});
  } catch (const prun::Error& error) {
    std::printf("%s\n", error.what());
    std::exit(3);
  }
}

void self_send(World& world) {
  if (world.rank() == 1) {
    world.ssend(1, 1, 2);  // mark: self_send
    world.recv<int>(1, 2);
  }
  world.barrier();
}

void forgotten_request(World& world) {
  int value = 0;
  prun::Request request;
  if (world.rank() == 1) request = world.irecv(value, 0, 4);  // mark: forgotten_request
  if (world.rank() == 1) request.wait();                      // mark: wait
  world.barrier();
}

// --- no mistakes
// -----------------------------------------------------------------------------------------------------

// The others wait for it in a barrier for longer than it takes to call a job hung.
constexpr auto long_enough = 3s;

void computes(World& world) {
  if (world.rank() == 0) {
    const auto until = std::chrono::steady_clock::now() + long_enough;
    volatile unsigned turns = 0;
    while (std::chrono::steady_clock::now() < until) turns = turns + 1;
  }
  world.barrier();
}

void sleeps(World& world) {
  if (world.rank() == 0) std::this_thread::sleep_for(long_enough);
  world.barrier();
}

void has_a_deadline(World& world) {
  if (world.rank() == 0) {
    try {
      world.recv<int>(1, 9, long_enough);
    } catch (const prun::Error&) {
    }
  }
  world.barrier();
}

void reads_input(World& world) {
  if (world.rank() == 0) {
    std::string word(16, ' ');
    std::printf("read %zd\n", ::read(STDIN_FILENO, word.data(), word.size()));
    for (int rank = 1; rank < world.size(); ++rank) world.send(1, rank, 0);
  } else {
    world.recv<int>(prun::any_source, 0);
  }
}

// Everybody waits for a rank whose other thread is at work.
void another_thread(World& world) {
  if (world.rank() != 0) {
    world.recv<int>(0, 6);
    return;
  }
  std::thread worker([] {
    const auto until = std::chrono::steady_clock::now() + long_enough;
    volatile unsigned turns = 0;
    while (std::chrono::steady_clock::now() < until) turns = turns + 1;
    std::printf("worked\n");
    std::fflush(stdout);
    std::_Exit(9);
  });
  world.recv<int>(1, 6);
  worker.join();
}

// A message that takes longer than a second on a slow link; nothing else moves.
void large_message(World& world) {
  const std::size_t bytes = std::size_t{3} << 20;
  world.barrier();
  if (world.rank() == 0) std::printf("up\n");
  if (world.rank() == 0) world.send(std::vector<std::byte>(bytes), 1, 1);
  if (world.rank() == 1) world.recv<std::vector<std::byte>>(0, 1);
  world.barrier();
}

// A long wait for one, while two others go on.
void others_go_on(World& world) {
  constexpr int last = 1;
  if (world.rank() == 2) world.recv<int>(0, last);
  if (world.rank() > 1) return;
  const auto until = std::chrono::steady_clock::now() + long_enough;
  bool more = true;
  while (more) {
    if (world.rank() == 0) {
      more = std::chrono::steady_clock::now() < until;
      world.send(more, 1);
      world.recv<bool>(1);
    } else {
      more = world.recv<bool>(0);
      world.send(more, 0);
    }
  }
  if (world.rank() == 0) world.send(1, 2, last);
}

void waits(World& world) {
  std::printf("up\n");
  world.recv<int>(previous(world), 7, std::chrono::minutes(5));  // mark: waits
}

volatile std::sig_atomic_t times_told = 0;

// Ends when it has got SIGUSR1 twice.
void handles_usr1(World& world) {
  std::signal(SIGUSR1, [](int) { times_told = times_told + 1; });
  std::printf("up\n");
  for (int seen = 0; seen < 2; ++seen) {
    while (times_told == seen) std::this_thread::sleep_for(10ms);
    std::printf("told\n");
  }
  world.barrier();
}

const std::map<std::string, void (*)(World&)> plays{
    {"recv_cycle", recv_cycle},
    {"ssend_cycle", ssend_cycle},
    {"send_cycle", send_cycle},
    {"missing_recv", missing_recv},
    {"missing_send", missing_send},
    {"wrong_tag", wrong_tag},
    {"wrong_source", wrong_source},
    {"wrong_communicator", wrong_communicator},
    {"wrong_type", wrong_type},
    {"wrong_root", wrong_root},
    {"skipped_collective", skipped_collective},
    {"other_order", other_order},
    {"other_order_of_types", other_order_of_types},
    {"other_count", other_count},
    {"self_send", self_send},
    {"forgotten_request", forgotten_request},
    {"computes", computes},
    {"sleeps", sleeps},
    {"has_a_deadline", has_a_deadline},
    {"reads_input", reads_input},
    {"another_thread", another_thread},
    {"large_message", large_message},
    {"others_go_on", others_go_on},
    {"waits", waits},
    {"handles_usr1", handles_usr1},
};

}  // namespace

int main(int argc, char** argv) {
  prun::Environment env(argc, argv);
  plays.at(argc > 1 ? argv[1] : "")(env.world());
}
