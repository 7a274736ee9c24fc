#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

// What processors are called: by kernels (`uname -m`), in the names of agents and programs, by users.
namespace prun::stage {

// A machine and what it can run, best first, as in the names of agents: "x86_64", "aarch64", "armhf"
// (32-bit ARM from armv7 on), "armv6".
struct Family {
  std::string_view machine;  // what `uname -m` begins with
  std::span<const std::string_view> architectures;
};
std::span<const Family> families();

// What a processor that `uname -m` calls so can run, best first.
std::vector<std::string_view> architectures_for(std::string_view machine);

// The same for programs of the user, of which those for armv6 are often called armhf.
std::vector<std::string_view> program_architectures_for(std::string_view machine);

// The architecture that a user may mean by "arm64", "amd64", "armv7l"; nothing for an unknown word.
std::optional<std::string_view> architecture_named(std::string_view word);

// What files for a machine may have in their names: its own name, then those of the architectures it
// can run, the usual one first: "armv7l", "armhf", "arm", "armv6".
std::vector<std::string_view> names_in_files(std::string_view machine);

}  // namespace prun::stage
