#include "runtime/core/config.hpp"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string_view>

namespace prun::core {
namespace {

constexpr std::size_t most_eager_bytes = 1u << 20;

// The variable as a number in [0, most], nothing if it is not set.
Result<std::optional<std::size_t>> number(const char* name, std::size_t most) {
  const char* text = std::getenv(name);
  if (text == nullptr || *text == '\0') return std::optional<std::size_t>();
  std::size_t value = 0;
  const char* end = text + std::strlen(text);
  const auto [rest, error] = std::from_chars(text, end, value);
  if (error != std::errc() || rest != end || value > most) {
    return Failure{Errc::invalid_argument, std::string("the environment variable ") + name + "='" +
                                               text + "' must be a whole number from 0 to " +
                                               std::to_string(most)};
  }
  return std::optional(value);
}

std::optional<long> positive(const char* name) {
  const char* text = std::getenv(name);
  if (text == nullptr) return std::nullopt;
  return std::strtol(text, nullptr, 10);
}

}  // namespace

Result<Config> Config::from_environment() {
  Config config;
  const auto descriptor =
      number("PRUN_FD", static_cast<std::size_t>(std::numeric_limits<int>::max()));
  if (!descriptor) return descriptor.failure();
  if (descriptor.value()) config.agent_descriptor = static_cast<int>(*descriptor.value());
  ::unsetenv("PRUN_FD");

  const auto spin = number("PRUN_SPIN_US", 1'000'000);
  if (!spin) return spin.failure();
  if (spin.value()) config.spin = std::chrono::microseconds(*spin.value());

  const auto eager = number("PRUN_EAGER_BYTES", most_eager_bytes);
  if (!eager) return eager.failure();
  config.eager_bytes = eager.value();

  const auto unexpected = number("PRUN_UNEXPECTED_BYTES", std::numeric_limits<std::size_t>::max());
  if (!unexpected) return unexpected.failure();
  config.unexpected_bytes = unexpected.value();

  if (const char* shm = std::getenv("PRUN_SHM"); shm != nullptr && *shm != '\0') {
    const std::string_view wish(shm);
    if (wish != "on" && wish != "copy" && wish != "off") {
      return Failure{Errc::invalid_argument, "the environment variable PRUN_SHM='" +
                                                 std::string(wish) + "' must be on, copy or off"};
    }
    config.single_copy = wish != "copy";
  }

  constexpr std::string_view prefix = "PRUN_COLL_";
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (!text.starts_with(prefix) || equals == std::string_view::npos) continue;
    std::string operation(text.substr(prefix.size(), equals - prefix.size()));
    std::transform(operation.begin(), operation.end(), operation.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    config.algorithms.emplace(std::move(operation), text.substr(equals + 1));
  }
  return config;
}

std::optional<std::string> foreign_launcher() {
  if (positive("OMPI_COMM_WORLD_SIZE").value_or(1) > 1) return "mpirun of Open MPI";
  if (positive("PMI_SIZE").value_or(1) > 1) return "mpiexec of MPICH";
  if (positive("PMIX_RANK").value_or(0) > 0) return "another launcher (PMIx)";
  return std::nullopt;
}

}  // namespace prun::core
