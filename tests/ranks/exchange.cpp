// Sends messages of many sizes around a ring and looks at every byte of them. For each line of rank 0's
// input it says how many rounds that made since the last, and it ends with the input.
#include <poll.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <prun/prun.hpp>
#include <vector>

namespace {

// Lines that have come; nothing once the input has ended.
bool hears(int& lines) {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  while (::poll(&input, 1, 0) > 0) {
    char letter = 0;
    if (::read(STDIN_FILENO, &letter, 1) <= 0) return false;
    lines += letter == '\n';
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  prun::Environment env(argc, argv);
  prun::Communicator& world = env.world();
  const int next = (world.rank() + 1) % world.size();
  const int before = (world.rank() + world.size() - 1) % world.size();
  long rounds = 0;
  for (std::uint32_t round = 0;; ++round) {
    const std::size_t length = (round * 7919) % 40'000 + (round % 50 == 0 ? 300'000 : 1);
    const auto value = [&](int rank, std::size_t i) {
      return static_cast<std::uint32_t>(i * 2654435761u) ^ round ^ static_cast<std::uint32_t>(rank);
    };
    std::vector<std::uint32_t> out(length);
    std::vector<std::uint32_t> in(length);
    for (std::size_t i = 0; i < length; ++i) out[i] = value(world.rank(), i);
    world.sendrecv(out, next, 0, in, before);
    for (std::size_t i = 0; i < length; ++i) {
      if (in[i] != value(before, i)) env.abort(9, "a wrong byte");
    }
    ++rounds;
    if (round % 8 != 0) continue;
    std::uint32_t goes_on = 1;
    if (world.rank() == 0) {
      int lines = 0;
      if (!hears(lines)) goes_on = 0;
      for (; lines > 0; --lines) {
        std::printf("%ld\n", rounds);
        std::fflush(stdout);
        rounds = 0;
      }
    }
    world.bcast(goes_on, 0);
    if (goes_on == 0) break;
  }
  if (world.rank() == 0) std::printf("whole\n");
  return 0;
}
