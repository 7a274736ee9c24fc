// The program that prun sends to hosts: its agent and nothing else, without need of any library there.
#include "launcher/agent/agent_main.hpp"

int main(int argc, char** argv) {
  return prun::agent::agent_main(argc - 1, argv + 1);
}
