#include "tune/measurements.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace prun::tune {
namespace {

// Unsigned, so that sums of them may wrap.
using Values = std::vector<std::uint32_t>;

constexpr std::size_t tries = 5;
// One try of what takes long says enough.
constexpr double long_seconds = 0.5;

}  // namespace

// What one rank gives to a collective, what it gets, and what it should have got. Made and looked
// at outside of the time that counts.
struct Buffers {
  Values give;
  Values get;
  Values right;
};

namespace {

// What a rank gives: noise, because what repeats itself would be compressed on its way, and say
// nothing of the link.
Values noise(int rank, std::size_t count) {
  std::minstd_rand random(static_cast<std::uint32_t>(rank) + 1);
  Values values(count);
  // Its low bits are the poorer ones, and its highest is always zero.
  for (std::uint32_t& value : values) {
    const auto low = static_cast<std::uint32_t>(random() >> 8);
    value = static_cast<std::uint32_t>(random()) << 9 ^ low;
  }
  return values;
}

std::size_t ranks_of(const Communicator& comm) {
  return static_cast<std::size_t>(comm.size());
}

std::size_t elements(std::size_t bytes) {
  return std::max<std::size_t>(bytes / sizeof(Values::value_type), 1);
}

Values part(const Values& values, int number, std::size_t count) {
  const auto first =
      values.begin() + static_cast<std::ptrdiff_t>(number) * static_cast<std::ptrdiff_t>(count);
  return Values(first, first + static_cast<std::ptrdiff_t>(count));
}

Values sum_of_all(const Communicator& comm, std::size_t count) {
  Values sum(count);
  for (int rank = 0; rank < comm.size(); ++rank) {
    const Values one = noise(rank, count);
    std::transform(sum.begin(), sum.end(), one.begin(), sum.begin(), std::plus<>{});
  }
  return sum;
}

Values all_in_turn(const Communicator& comm, std::size_t count) {
  Values all;
  for (int rank = 0; rank < comm.size(); ++rank) {
    const Values one = noise(rank, count);
    all.insert(all.end(), one.begin(), one.end());
  }
  return all;
}

Buffers for_barrier(const Communicator&, std::size_t) {
  return {};
}

void barrier(const Communicator& comm, Buffers&) {
  comm.barrier();
}

Buffers for_bcast(const Communicator& comm, std::size_t bytes) {
  Values sent = noise(0, elements(bytes));
  return {{}, comm.rank() == 0 ? sent : Values(sent.size()), sent};
}

void bcast(const Communicator& comm, Buffers& with) {
  comm.bcast(with.get, 0);
}

Buffers for_reduce(const Communicator& comm, std::size_t bytes) {
  const std::size_t count = elements(bytes);
  const bool root = comm.rank() == 0;
  return {noise(comm.rank(), count), Values(root ? count : 0),
          root ? sum_of_all(comm, count) : Values()};
}

void reduce(const Communicator& comm, Buffers& with) {
  comm.reduce(with.give, with.get, std::plus<>{}, 0);
}

Buffers for_allreduce(const Communicator& comm, std::size_t bytes) {
  const std::size_t count = elements(bytes);
  return {noise(comm.rank(), count), Values(count), sum_of_all(comm, count)};
}

void allreduce(const Communicator& comm, Buffers& with) {
  comm.allreduce(with.give, with.get, std::plus<>{});
}

Buffers for_reduce_scatter(const Communicator& comm, std::size_t bytes) {
  const std::size_t each = std::max<std::size_t>(elements(bytes) / ranks_of(comm), 1);
  const std::size_t count = each * ranks_of(comm);
  return {noise(comm.rank(), count), Values(each),
          part(sum_of_all(comm, count), comm.rank(), each)};
}

void reduce_scatter(const Communicator& comm, Buffers& with) {
  const std::vector<std::size_t> counts(ranks_of(comm), with.get.size());
  comm.reduce_scatter(with.give, with.get, std::plus<>{}, counts);
}

Buffers for_allgather(const Communicator& comm, std::size_t bytes) {
  const std::size_t each = elements(bytes);
  return {noise(comm.rank(), each), Values(each * ranks_of(comm)), all_in_turn(comm, each)};
}

void allgather(const Communicator& comm, Buffers& with) {
  comm.allgather(with.give, with.get);
}

Buffers for_alltoall(const Communicator& comm, std::size_t bytes) {
  const std::size_t each = elements(bytes);
  const std::size_t count = each * ranks_of(comm);
  Values right;
  for (int rank = 0; rank < comm.size(); ++rank) {
    const Values from = part(noise(rank, count), comm.rank(), each);
    right.insert(right.end(), from.begin(), from.end());
  }
  return {noise(comm.rank(), count), Values(count), right};
}

void alltoall(const Communicator& comm, Buffers& with) {
  comm.alltoall(with.give, with.get);
}

Buffers for_scatter(const Communicator& comm, std::size_t bytes) {
  const std::size_t each = elements(bytes);
  const Values all = noise(0, each * ranks_of(comm));
  return {comm.rank() == 0 ? all : Values(), Values(each), part(all, comm.rank(), each)};
}

void scatter(const Communicator& comm, Buffers& with) {
  comm.scatter(with.give, with.get, 0);
}

Buffers for_gather(const Communicator& comm, std::size_t bytes) {
  const std::size_t each = elements(bytes);
  const bool root = comm.rank() == 0;
  return {noise(comm.rank(), each), Values(root ? each * ranks_of(comm) : 0),
          root ? all_in_turn(comm, each) : Values()};
}

void gather(const Communicator& comm, Buffers& with) {
  comm.gather(with.give, with.get, 0);
}

}  // namespace

std::span<const Trial> trials() {
  static constexpr std::array<Trial, 9> all = {
      {{"barrier", for_barrier, barrier},
       {"bcast", for_bcast, bcast},
       {"reduce", for_reduce, reduce},
       {"allreduce", for_allreduce, allreduce},
       {"reduce_scatter", for_reduce_scatter, reduce_scatter},
       {"allgather", for_allgather, allgather},
       {"alltoall", for_alltoall, alltoall},
       {"scatter", for_scatter, scatter},
       {"gather", for_gather, gather}}};
  return all;
}

double measure(const Communicator& comm, const Trial& trial, std::size_t bytes) {
  const Buffers fresh = trial.prepare(comm, bytes);
  const auto run = [&] {
    Buffers buffers = fresh;
    comm.barrier();
    const double start = Environment::wtime();
    trial.run(comm, buffers);
    const double elapsed = Environment::wtime() - start;
    if (buffers.get != buffers.right) {
      throw std::runtime_error("wrong data came of a " + std::string(trial.operation));
    }
    return comm.allreduce(elapsed, [](double a, double b) { return std::max(a, b); });
  };
  run();  // connects, and comes up to speed
  std::vector<double> times;
  for (std::size_t i = 0; i < tries; ++i) {
    times.push_back(run());
    if (times.back() > long_seconds) break;
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

}  // namespace prun::tune
