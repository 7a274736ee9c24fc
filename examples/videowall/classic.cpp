#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include <prun/prun.hpp>

// The video wall of the tutorials: each rank plays its own film on its own screen, and all start
// together, a hundred times over.
//
//   prun -H rpi1,rpi2,rpi3,rpi4 ./videowall_classic            screen1.mp4 to screen4.mp4
//   prun -H rpi1,rpi2 ./videowall_classic 3 mpv --fs --mute    three times, by another player

int main(int argc, char** argv) {
  prun::Environment env(argc, argv);
  prun::Communicator& world = env.world();

  const int rounds = argc > 1 ? std::atoi(argv[1]) : 100;
  std::string film = "screen" + std::to_string(world.rank() + 1) + ".mp4";

  char mpv[] = "mpv", full_screen[] = "--fs";
  std::vector<char*> player{mpv, full_screen};
  if (argc > 2) player.assign(argv + 2, argv + argc);
  player.push_back(film.data());
  player.push_back(nullptr);
  setenv("DISPLAY", ":0.0", 0);  // a login over ssh knows no screen

  for (int round = 0; round < rounds; ++round) {
    world.barrier();  // nobody starts before all are here
    pid_t pid = 0;
    int status = 0;
    if (posix_spawnp(&pid, player[0], nullptr, nullptr, player.data(), environ) != 0) {
      env.abort(127, std::string("there is no player ") + player[0]);
    }
    waitpid(pid, &status, 0);
    if (status != 0) env.abort(1, "the player could not play " + film);
  }
}
