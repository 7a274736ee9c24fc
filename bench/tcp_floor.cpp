#include "bench/tcp_floor.hpp"

#include <endian.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>

#include "bench/bound.hpp"
#include "bench/pattern.hpp"
#include "bench/statistics.hpp"

namespace prun::bench {

namespace {

enum class Kind : std::uint8_t { latency = 1, bandwidth = 2 };

// One series of steps. Travels as numbers of 64 bits, big-endian.
struct Series {
  Kind kind = Kind::latency;
  Waiting waiting = Waiting::blocking;
  bool verify = false;
  std::uint64_t bytes = 0;
  std::uint64_t window = 1;
  std::uint64_t steps = 0;
};

constexpr std::uint64_t magic = 0x7072756e2d746370;  // "prun-tcp"
constexpr std::uint64_t largest_message = std::uint64_t{1} << 30;
constexpr std::uint64_t largest_window = 4096;
constexpr std::string_view version = "1";
using Encoded = std::array<std::uint64_t, 7>;

Encoded encode(const Series& series) {
  Encoded words{magic,
                static_cast<std::uint64_t>(series.kind),
                static_cast<std::uint64_t>(series.waiting),
                series.verify,
                series.bytes,
                series.window,
                series.steps};
  for (std::uint64_t& word : words) word = htobe64(word);
  return words;
}

Series decode(Encoded words) {
  for (std::uint64_t& word : words) word = be64toh(word);
  if (words[0] != magic || words[1] < 1 || words[1] > 2 || words[2] > 1 || words[3] > 1 ||
      words[4] > largest_message || words[5] < 1 || words[5] > largest_window) {
    throw std::runtime_error(
        "what connected is not bench_tcp of this version, or the connection is disturbed");
  }
  return {static_cast<Kind>(words[1]),
          static_cast<Waiting>(words[2]),
          words[3] != 0,
          words[4],
          words[5],
          words[6]};
}

void recv_or_throw(TcpConnection& connection, std::span<std::byte> data) {
  if (!connection.recv_all(data)) {
    throw std::runtime_error("the other side closed the connection; its own words say why");
  }
}

using Answer = std::array<std::byte, 4>;

// The connecting side of one step.
void step(TcpConnection& connection, const Series& series, std::span<std::byte> data) {
  if (series.kind == Kind::latency) {
    connection.send_all(data);
    recv_or_throw(connection, data);
  } else {
    Answer answer{};
    for (std::uint64_t i = 0; i < series.window; ++i) connection.send_all(data);
    recv_or_throw(connection, answer);
  }
}

// The listening side of one step. Every message of the series is checked where that is asked for.
void answer_step(TcpConnection& connection, const Series& series, std::span<std::byte> data) {
  const std::uint64_t messages = series.kind == Kind::latency ? 1 : series.window;
  for (std::uint64_t i = 0; i < messages; ++i) {
    if (series.verify) fill_other(data, 1);
    recv_or_throw(connection, data);
    if (series.verify) check_pattern(data, 1, "message " + std::to_string(i));
  }
  if (series.kind == Kind::latency) {
    if (series.verify) fill_pattern(data, 2);
    connection.send_all(data);
  } else {
    connection.send_all(Answer{});
  }
}

// Seconds of each batch of steps, per step.
std::vector<double> run_series(TcpConnection& connection, Series series, std::size_t samples,
                               std::size_t batch, std::span<std::byte> data) {
  series.steps = samples * batch;
  connection.wait_by(series.waiting);
  const Encoded words = encode(series);
  connection.send_all(std::as_bytes(std::span(words)));
  std::vector<double> times(samples);
  for (double& time : times) {
    const auto start = Clock::now();
    for (std::size_t i = 0; i < batch; ++i) step(connection, series, data);
    time = seconds_since(start) / static_cast<double>(batch);
  }
  return times;
}

void verify(TcpConnection& connection, Series series, std::span<std::byte> data) {
  series.verify = true;
  fill_pattern(data, 1);
  run_series(connection, series, 1, 1, data);
  if (series.kind == Kind::latency) check_pattern(data, 2, "answer");
}

double warm_up(TcpConnection& connection, const Series& series, const Settings& settings,
               std::span<std::byte> data) {
  constexpr double warm_up_share = 0.1;
  constexpr std::size_t longest_warm_up = 4096;
  for (std::size_t count = 1;; count *= 2) {
    const auto start = Clock::now();
    run_series(connection, series, 1, count, data);
    const double elapsed = seconds_since(start);
    if (settings.iterations > 0 || elapsed >= warm_up_share * settings.budget_seconds ||
        count >= longest_warm_up) {
      return elapsed / static_cast<double>(count);
    }
  }
}

Line measure_one(TcpConnection& connection, const Settings& settings, Kind kind, Waiting waiting,
                 std::uint64_t bytes) {
  constexpr std::size_t most_samples = 10'000;
  Series series;
  series.kind = kind;
  series.waiting = waiting;
  series.bytes = bytes;
  series.window = kind == Kind::latency ? 1 : settings.window;
  std::vector<std::byte> data(static_cast<std::size_t>(bytes));
  verify(connection, series, data);
  const double step_seconds = warm_up(connection, series, settings, data);
  const Plan plan =
      plan_measurement(step_seconds, settings.budget_seconds,
                       static_cast<std::size_t>(settings.iterations), true, most_samples);
  const double unit = kind == Kind::latency ? 0.5 : 1.0 / static_cast<double>(series.window);

  Line line;
  line.implementation = std::string(waiting == Waiting::spinning ? "tcp_spinning" : "tcp_blocking");
  line.version = std::string(version);
  line.operation = std::string(kind == Kind::latency ? "latency" : "bandwidth");
  line.bytes = bytes;
  line.ranks = 2;
  line.hosts = connection.within_one_host() ? 1 : 2;
  line.iterations = plan.samples * plan.batch;
  line.batch = plan.batch;
  line.time = summarize(run_series(connection, series, plan.samples, plan.batch, data), unit);
  if (kind == Kind::bandwidth) {
    line.figures = {{"messages_per_second", 1.0 / line.time.median},
                    {"bytes_per_second", static_cast<double>(bytes) / line.time.median}};
  }
  if (line.hosts == 2) {
    const auto messages = static_cast<double>(series.window);
    line.bound = lower_bound(settings.link, {static_cast<double>(bytes) * messages, 0, messages});
  }
  return line;
}

}  // namespace

const std::vector<std::string>& floor_operations() {
  static const std::vector<std::string> names{"latency", "bandwidth"};
  return names;
}

void serve_floor(TcpConnection& connection) {
  Encoded words{};
  while (connection.recv_all(std::as_writable_bytes(std::span(words)))) {
    const Series series = decode(words);
    connection.wait_by(series.waiting);
    std::vector<std::byte> data(static_cast<std::size_t>(series.bytes));
    for (std::uint64_t i = 0; i < series.steps; ++i) answer_step(connection, series, data);
    connection.wait_by(Waiting::blocking);
  }
}

void measure_floor(TcpConnection& connection, const Settings& settings, Waiting waiting,
                   const std::function<void(const Line&)>& give) {
  static const std::vector<std::uint64_t> sizes{1, 64, 512, 4096, 65536, 1048576};
  for (const std::string& name : settings.operations) {
    const Kind kind = name == "latency" ? Kind::latency : Kind::bandwidth;
    for (const std::uint64_t bytes : settings.bytes.empty() ? sizes : settings.bytes) {
      if (bytes > 0) give(measure_one(connection, settings, kind, waiting, bytes));
    }
  }
}

}  // namespace prun::bench
