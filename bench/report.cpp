#include "bench/report.hpp"

#include <array>
#include <cmath>
#include <cstdio>
#include <iomanip>
#include <ostream>

#include "bench/json_line.hpp"

namespace prun::bench {

namespace {

std::string three_digits(double value) {
  std::array<char, 32> text{};
  const int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  return text.data();
}

}  // namespace

std::string readable_seconds(double seconds) {
  if (seconds < 1e-3) return three_digits(seconds * 1e6) + " us";
  if (seconds < 1) return three_digits(seconds * 1e3) + " ms";
  return three_digits(seconds) + " s";
}

std::string readable_bytes(std::uint64_t bytes) {
  constexpr std::uint64_t kib = 1024;
  constexpr std::uint64_t mib = kib * kib;
  if (bytes >= mib && bytes % mib == 0) return std::to_string(bytes / mib) + " MiB";
  if (bytes >= kib && bytes % kib == 0) return std::to_string(bytes / kib) + " KiB";
  return std::to_string(bytes) + " B";
}

void Report::print(const Line& line) {
  if (json_) {
    print_json(line);
  } else {
    print_row(line);
  }
  out_ << std::flush;
}

void Report::print_json(const Line& line) {
  JsonLine json;
  json.add("implementation", line.implementation)
      .add("version", line.version)
      .add("op", line.operation)
      .add("bytes", line.bytes)
      .add("ranks", line.ranks);
  if (line.hosts > 0) json.add("hosts", line.hosts);
  json.add("iterations", line.iterations)
      .add("batch", line.batch)
      .add("verified", true)
      .add("median", line.time.median)
      .add("p99", line.time.p99)
      .add("minimum", line.time.minimum);
  if (line.slowest) {
    json.add("slowest_median", line.slowest->median)
        .add("slowest_p99", line.slowest->p99)
        .add("slowest_minimum", line.slowest->minimum);
  }
  for (const auto& [key, value] : line.figures) json.add(key, value);
  if (line.bound > 0) json.add("bound", line.bound);
  if (!line.algorithm.empty())
    json.add("algorithm", line.algorithm).add("predicted", line.predicted);
  out_ << json.text() << '\n';
}

void Report::print_row(const Line& line) {
  std::string heading =
      line.implementation + " " + line.version + ", " + std::to_string(line.ranks) + " ranks";
  if (line.hosts > 0) {
    heading += " on " + std::to_string(line.hosts) + (line.hosts == 1 ? " host" : " hosts");
  }
  const auto cell = [this](const std::string& text) { out_ << std::setw(12) << text; };
  if (heading != heading_) {
    heading_ = heading;
    out_ << heading << '\n' << std::left << std::setw(18) << "operation" << std::right;
    for (const char* title : {"bytes", "median", "p99", "minimum", "slowest", "bound"}) cell(title);
    out_ << '\n';
  }
  out_ << std::left << std::setw(18) << line.operation << std::right;
  cell(readable_bytes(line.bytes));
  cell(readable_seconds(line.time.median));
  cell(readable_seconds(line.time.p99));
  cell(readable_seconds(line.time.minimum));
  cell(line.slowest ? readable_seconds(line.slowest->median) : "-");
  cell(line.bound > 0 ? readable_seconds(line.bound) : "-");
  for (const auto& [key, value] : line.figures) out_ << "  " << key << " " << value;
  if (!line.algorithm.empty())
    out_ << "  by " << line.algorithm << ", predicted " << readable_seconds(line.predicted);
  out_ << '\n';
}

}  // namespace prun::bench
