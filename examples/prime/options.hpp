#pragma once

#include <cstdint>
#include <variant>

#include <prun/prun.hpp>

enum class Method { sieve, trial };

// What the command line said.
struct Options {
  std::uint64_t limit = 0;  // primes below it are looked for
  Method method = Method::sieve;
  bool list = false;      // print the primes too
  bool farm = false;      // pieces for whoever is ready, not a share for each rank
  bool progress = false;  // say how far the farm is, also where stderr is no terminal
};

// The arguments could not be used, or only asked for help; that has been said.
struct EarlyEnd {
  int exit_status = 0;
};

// Every rank reads the same arguments and so comes to the same result; rank 0 alone prints what
// there is to say. Collective when the result is an EarlyEnd.
std::variant<Options, EarlyEnd> read_options(int argc, char** argv,
                                             const prun::Communicator& world);
