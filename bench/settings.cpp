#include "bench/settings.hpp"

#include <CLI/CLI.hpp>
#include <map>

namespace prun::bench {

void add_options(CLI::App& app, Settings& settings) {
  constexpr std::uint64_t largest_message = 1u << 30;
  const std::map<std::string, Payload> payloads{{"random", Payload::random},
                                                {"text", Payload::text}};
  const std::map<std::string, double> rate_units{
      {"bit", 1}, {"kbit", 1e3}, {"mbit", 1e6}, {"gbit", 1e9}};

  app.add_option("--op", settings.operations,
                 "What to measure: names from --list-ops, comma between them, or all")
      ->delimiter(',')
      ->type_name("NAME,...");
  app.add_option("--bytes", settings.bytes,
                 "Sizes of messages: 1,4K,1M (K is 1024). Without it each operation takes sizes of "
                 "its own")
      ->delimiter(',')
      ->transform(CLI::AsSizeValue(false).description(""))
      ->check(CLI::Range(std::uint64_t{0}, largest_message).description(""))
      ->type_name("LIST");
  app.add_option("--iterations", settings.iterations,
                 "Repetitions of each measurement; 0 (default): as many as fit into --seconds, at "
                 "least 3")
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{10'000'000}).description(""))
      ->type_name("N");
  app.add_option("--seconds", settings.budget_seconds,
                 "Time to spend on one measurement, warm-up not counted (default 1)")
      ->check(CLI::Range(0.001, 3600.0).description(""))
      ->type_name("S");
  app.add_option("--window", settings.window,
                 "Messages under way at once in bandwidth and the like (default 64)")
      ->check(CLI::Range(1, 4096).description(""))
      ->type_name("N");
  app.add_option("--payload", settings.payload,
                 "What the messages of latency, bandwidth and the like are made of: random "
                 "(default), which nothing compresses, or text")
      ->transform(CLI::CheckedTransformer(payloads).description(""))
      ->type_name("KIND");
  app.add_option("--rate", settings.link.bits_per_second,
                 "Speed of every host's link in bits per second (100mbit or 100000000); adds the "
                 "lower bound where each rank has a host of its own")
      ->transform(CLI::AsNumberWithUnit(rate_units).description(""))
      ->type_name("RATE");
  app.add_option("--burst", settings.link.burst_bytes,
                 "Bytes that a virtual link lets pass at once before it holds back (its token "
                 "bucket); makes the bound of small messages honest. A real link has 0")
      ->transform(CLI::AsSizeValue(false).description(""))
      ->type_name("BYTES");
  app.add_option("--latency", settings.link.latency_seconds,
                 "One-way time of the smallest message in seconds, from bench_tcp; raises the "
                 "bound of small messages to that")
      ->check(CLI::NonNegativeNumber.description(""))
      ->type_name("S");
  app.add_flag("--json", settings.json, "Print one JSON object a line instead of a table");
}

}  // namespace prun::bench
