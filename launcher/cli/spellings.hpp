#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace prun::cli {

// What follows an option.
enum class Takes : std::uint8_t { nothing, count, value, name_and_value };

// What becomes of it.
enum class Effect : std::uint8_t {
  option,   // it is one of ours
  ignored,  // accepted; with -v it is told why it changes nothing
  refused,  // prun has no such thing, and says what to do instead
};

// One way to type one option. To accept another, add a line to the table.
struct Spelling {
  std::string_view written;  // without its dashes
  Effect effect;
  Takes takes;
  std::string_view option = {};   // of `option`: its name in the option table
  std::string_view implied = {};  // of `option`: the value of one that takes none
  std::string_view reason = {};   // of `ignored` and `refused`, for the user
};

// All of them: prun's own, those of MPICH's mpiexec and of Open MPI's mpirun, in the order of the
// topics of the help.
std::span<const Spelling> spellings();

// The one written so, or nullptr. Case matters: -n and -N, -h and -H, -v and -V are different.
const Spelling* find_spelling(std::string_view written);

}  // namespace prun::cli
