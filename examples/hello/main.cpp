#include <cstdlib>
#include <exception>
#include <iostream>

#include <prun/prun.hpp>

// Every rank says which one it is and where it runs.
int main(int argc, char** argv) try {
  prun::Environment env(argc, argv);
  const prun::Communicator& world = env.world();
  std::cout << "hello from rank " << world.rank() << " of " << world.size() << " on "
            << world.host() << '\n';
} catch (const std::exception& error) {
  std::cerr << "hello: " << error.what() << '\n';
  return EXIT_FAILURE;
}
