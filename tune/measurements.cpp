#include "tune/measurements.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

namespace prun::tune {
namespace {

using Values = std::vector<std::int32_t>;

constexpr std::size_t tries = 5;
// One try of what takes long says enough.
constexpr double long_seconds = 0.5;

Values ones(std::size_t bytes) {
  return Values(std::max<std::size_t>(bytes / sizeof(std::int32_t), 1), 1);
}

void expect(bool good, std::string_view operation) {
  if (!good) throw std::runtime_error("wrong data came of a " + std::string(operation));
}

bool all_are(const Values& values, std::int32_t expected) {
  return std::all_of(values.begin(), values.end(),
                     [expected](std::int32_t value) { return value == expected; });
}

Values parts(const Communicator& comm, std::size_t bytes) {
  return Values(ones(bytes).size() * static_cast<std::size_t>(comm.size()), 1);
}

void bcast(const Communicator& comm, std::size_t bytes) {
  Values data = ones(bytes);
  if (comm.rank() != 0) std::fill(data.begin(), data.end(), 0);
  comm.bcast(data, 0);
  expect(all_are(data, 1), "bcast");
}

void reduce(const Communicator& comm, std::size_t bytes) {
  const Values mine = ones(bytes);
  Values sum(mine.size());
  comm.reduce(mine, sum, std::plus<>{}, 0);
  if (comm.rank() == 0) expect(all_are(sum, comm.size()), "reduce");
}

void allreduce(const Communicator& comm, std::size_t bytes) {
  const Values mine = ones(bytes);
  Values sum(mine.size());
  comm.allreduce(mine, sum, std::plus<>{});
  expect(all_are(sum, comm.size()), "allreduce");
}

void reduce_scatter(const Communicator& comm, std::size_t bytes) {
  const std::size_t ranks = static_cast<std::size_t>(comm.size());
  const std::size_t part = std::max<std::size_t>(ones(bytes).size() / ranks, 1);
  const Values mine(part * ranks, 1);
  Values sum(part);
  const std::vector<std::size_t> counts(ranks, part);
  comm.reduce_scatter(mine, sum, std::plus<>{}, counts);
  expect(all_are(sum, comm.size()), "reduce_scatter");
}

void allgather(const Communicator& comm, std::size_t bytes) {
  Values all(parts(comm, bytes).size());
  comm.allgather(ones(bytes), all);
  expect(all_are(all, 1), "allgather");
}

void alltoall(const Communicator& comm, std::size_t bytes) {
  const Values mine = parts(comm, bytes);
  Values received(mine.size());
  comm.alltoall(mine, received);
  expect(all_are(received, 1), "alltoall");
}

void scatter(const Communicator& comm, std::size_t bytes) {
  Values mine(ones(bytes).size());
  comm.scatter(comm.rank() == 0 ? parts(comm, bytes) : Values(), mine, 0);
  expect(all_are(mine, 1), "scatter");
}

void gather(const Communicator& comm, std::size_t bytes) {
  Values all(comm.rank() == 0 ? parts(comm, bytes).size() : 0);
  comm.gather(ones(bytes), all, 0);
  expect(all_are(all, 1), "gather");
}

void barrier(const Communicator& comm, std::size_t) {
  comm.barrier();
}

}  // namespace

std::span<const Trial> trials() {
  static constexpr std::array<Trial, 9> all = {{{"barrier", barrier},
                                                {"bcast", bcast},
                                                {"reduce", reduce},
                                                {"allreduce", allreduce},
                                                {"reduce_scatter", reduce_scatter},
                                                {"allgather", allgather},
                                                {"alltoall", alltoall},
                                                {"scatter", scatter},
                                                {"gather", gather}}};
  return all;
}

double measure(const Communicator& comm, const Trial& trial, std::size_t bytes) {
  trial.run(comm, bytes);  // connects, and comes up to speed
  std::vector<double> times;
  for (std::size_t i = 0; i < tries; ++i) {
    comm.barrier();
    const double start = Environment::wtime();
    trial.run(comm, bytes);
    const double elapsed = Environment::wtime() - start;
    times.push_back(comm.allreduce(elapsed, [](double a, double b) { return std::max(a, b); }));
    if (times.back() > long_seconds) break;
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

}  // namespace prun::tune
