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

// PRUN_LINK, if it is set.
Result<std::optional<Config::LinkFigures>> link_figures() {
  const char* text = std::getenv("PRUN_LINK");
  if (text == nullptr || *text == '\0') return std::optional<Config::LinkFigures>();
  Config::LinkFigures figures;
  const char* end = text + std::strlen(text);
  const auto first = std::from_chars(text, end, figures.latency_us);
  const bool comma = first.ec == std::errc() && first.ptr != end && *first.ptr == ',';
  const auto second = comma ? std::from_chars(first.ptr + 1, end, figures.megabits_per_second)
                            : std::from_chars_result{text, std::errc::invalid_argument};
  // The bounds of what is measured.
  const bool good = second.ec == std::errc() && second.ptr == end && figures.latency_us >= 0.05 &&
                    figures.latency_us <= 1e5 && figures.megabits_per_second >= 0.1 &&
                    figures.megabits_per_second <= 1e6;
  if (!good) {
    return Failure{Errc::invalid_argument,
                   std::string("the environment variable PRUN_LINK='") + text +
                       "' must be a latency in microseconds (0.05 to 100000), a comma, and a "
                       "speed in Mbit/s (0.1 to 1000000), such as 120,94"};
  }
  return std::optional(figures);
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

  if (const char* pacing = std::getenv("PRUN_PACING"); pacing != nullptr && *pacing != '\0') {
    const std::string_view wish(pacing);
    if (wish != "on" && wish != "off") {
      return Failure{Errc::invalid_argument, "the environment variable PRUN_PACING='" +
                                                 std::string(wish) + "' must be on or off"};
    }
    config.pacing = wish == "on";
  }

  const auto link = link_figures();
  if (!link) return link.failure();
  config.link = link.value();

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
  // A child of a rank of ours is alone by right, wherever prun itself was started.
  if (std::getenv("PRUN_RANK") != nullptr) return std::nullopt;
  if (positive("OMPI_COMM_WORLD_SIZE").value_or(1) > 1) return "mpirun of Open MPI";
  if (positive("PMI_SIZE").value_or(1) > 1) return "mpiexec of MPICH";
  // PMIx alone does not tell how many there are. Rank 0 of several must not run on by itself, so it is
  // several unless somebody says that it is one.
  const bool is_known_to_be_alone = positive("OMPI_COMM_WORLD_SIZE") == 1 ||
                                    positive("PMI_SIZE") == 1 ||
                                    positive("SLURM_STEP_NUM_TASKS") == 1;
  const auto rank = positive("PMIX_RANK");
  if (rank && (*rank > 0 || !is_known_to_be_alone))
    return "another launcher (PMIx: prterun, the prun of PRRTE, or srun)";
  return std::nullopt;
}

}  // namespace prun::core
