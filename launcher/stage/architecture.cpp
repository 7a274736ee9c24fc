#include "launcher/stage/architecture.hpp"

#include <algorithm>
#include <array>

namespace prun::stage {
namespace {

using namespace std::string_view_literals;

// The kernel of a 64-bit board often runs 32-bit systems, whose prun comes with the 32-bit agent alone.
constexpr std::array x86_64_runs{"x86_64"sv, "i686"sv};
constexpr std::array aarch64_runs{"aarch64"sv, "armhf"sv, "armv6"sv};
constexpr std::array armv7_runs{"armhf"sv, "armv6"sv};
constexpr std::array armv6_runs{"armv6"sv};
constexpr std::array i686_runs{"i686"sv};
constexpr std::array riscv64_runs{"riscv64"sv};

constexpr std::array known_families{
    Family{"x86_64", x86_64_runs},   Family{"aarch64", aarch64_runs}, Family{"armv6", armv6_runs},
    Family{"armv7", armv7_runs},     Family{"armv8", armv7_runs},     Family{"i686", i686_runs},
    Family{"riscv64", riscv64_runs},
};

struct Name {
  std::string_view word;
  std::string_view architecture;
};
// The first of an architecture is its own, the second what files are also called after.
constexpr std::array known_names{
    Name{"x86_64", "x86_64"},   Name{"amd64", "x86_64"},    Name{"x86-64", "x86_64"},
    Name{"x64", "x86_64"},      Name{"aarch64", "aarch64"}, Name{"arm64", "aarch64"},
    Name{"armhf", "armhf"},     Name{"arm", "armhf"},       Name{"armv7l", "armhf"},
    Name{"armv7", "armhf"},     Name{"armv6", "armv6"},     Name{"armv6l", "armv6"},
    Name{"i686", "i686"},       Name{"i386", "i686"},       Name{"x86", "i686"},
    Name{"riscv64", "riscv64"},
};

}  // namespace

std::span<const Family> families() {
  return known_families;
}

std::vector<std::string_view> architectures_for(std::string_view machine) {
  for (const auto& family : known_families) {
    if (machine.starts_with(family.machine))
      return {family.architectures.begin(), family.architectures.end()};
  }
  return {};
}

std::vector<std::string_view> program_architectures_for(std::string_view machine) {
  auto found = architectures_for(machine);
  if (found.size() == 1 && found.front() == "armv6") found.emplace_back("armhf");
  return found;
}

std::optional<std::string_view> architecture_named(std::string_view word) {
  const auto* const found = std::find_if(known_names.begin(), known_names.end(),
                                         [word](const Name& name) { return name.word == word; });
  if (found == known_names.end()) return std::nullopt;
  return found->architecture;
}

std::vector<std::string_view> names_in_files(std::string_view machine) {
  std::vector<std::string_view> names{machine};
  const auto add = [&names](std::string_view name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  for (const auto architecture : program_architectures_for(machine)) {
    for (std::size_t i = 0; i < known_names.size(); ++i) {
      if (known_names[i].word != architecture) continue;
      add(architecture);
      if (i + 1 < known_names.size() && known_names[i + 1].architecture == architecture)
        add(known_names[i + 1].word);
    }
  }
  return names;
}

}  // namespace prun::stage
