#include "options.hpp"

#include <CLI/CLI.hpp>

#include <charconv>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace {

// What a few fast boards sieve in some weeks, or divide in some days.
constexpr std::uint64_t largest_for_sieve = 1'000'000'000'000'000;
constexpr std::uint64_t largest_for_trial = 100'000'000'000;

constexpr std::uint64_t any_number = std::numeric_limits<std::uint64_t>::max();

std::optional<std::uint64_t> read_digits(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc::result_out_of_range && end == text.data() + text.size()) {
    return any_number;  // too large in any case, and not a mistake in writing
  }
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// "100000" or "1e5"; what is beyond 64 bits becomes the largest number there is.
std::optional<std::uint64_t> read_number(std::string_view text) {
  const std::size_t e = text.find_first_of("eE");
  if (e == std::string_view::npos) return read_digits(text);
  std::optional<std::uint64_t> number = read_digits(text.substr(0, e));
  const std::optional<std::uint64_t> zeros = read_digits(text.substr(e + 1));
  if (!number || !zeros) return std::nullopt;
  for (std::uint64_t i = 0; i < *zeros && *number != 0; ++i) {
    if (*number > any_number / 10) return any_number;
    *number *= 10;
  }
  return number;
}

Options parse(CLI::App& app, int argc, char** argv) {
  Options options;
  std::string limit;
  std::string method = "sieve";
  app.add_option("LIMIT", limit, "count the primes below this number: 100000, or 1e5")->required();
  app.add_option("--method", method,
                 "sieve: segmented sieve of Eratosthenes; trial: trial division")
      ->capture_default_str()
      ->check(CLI::IsMember({"sieve", "trial"}));
  auto* const list = app.add_flag("--list", options.list,
                                  "print the primes, one a line, and the totals on stderr");
  auto* const farm = app.add_flag("--farm", options.farm,
                                  "rank 0 hands out pieces to whoever is ready; what a lost rank "
                                  "had goes to others");
  app.add_flag("--progress", options.progress,
               "with --farm: say on stderr how far it is, also where that is no terminal")
      ->needs(farm);
  farm->excludes(list);
  app.parse(argc, argv);

  if (method == "trial") options.method = Method::trial;
  const std::optional<std::uint64_t> number = read_number(limit);
  if (!number) {
    throw CLI::ValidationError("LIMIT", "'" + limit +
                                            "' is not a whole number from 0 up, such as 100000 or "
                                            "1e5");
  }
  const std::uint64_t largest =
      options.method == Method::sieve ? largest_for_sieve : largest_for_trial;
  if (*number > largest) {
    throw CLI::ValidationError("LIMIT", limit + " would keep the ranks busy for months or years; " +
                                            method + " takes " + std::to_string(largest) +
                                            " at most");
  }
  options.limit = *number;
  return options;
}

}  // namespace

std::variant<Options, EarlyEnd> read_options(int argc, char** argv,
                                             const prun::Communicator& world) {
  CLI::App app("Counts the primes below LIMIT, every rank its share.", "prime");
  try {
    return parse(app, argc, argv);
  } catch (const CLI::ParseError& end) {
    if (world.rank() == 0) app.exit(end);
    world.barrier();  // nobody leaves, which would end the job, before it is said
    return EarlyEnd{end.get_exit_code() == 0 ? 0 : 2};
  }
}
