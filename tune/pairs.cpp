#include "tune/pairs.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <vector>

namespace prun::tune {
namespace {

// With 16 ranks every pair has its turn; of more each rank has so many partners.
constexpr int most_rounds = 15;

constexpr int opening_round_trips = 2;  // open the connection
constexpr int round_trips = 21;

// The first block finds out how long the others may be, for a tenth of a second. Of those the
// fastest counts: what else goes on only ever adds.
constexpr std::size_t first_block = 64u << 10;
constexpr std::size_t longest_block = 8u << 20;
constexpr double wanted_seconds = 0.1;
constexpr int counted_blocks = 2;

constexpr int tag_ping = 1;
constexpr int tag_block = 2;
constexpr int tag_figures = 3;

struct PairFigures {
  std::int32_t first = 0;
  std::int32_t second = 0;
  double round_trip_seconds = 0;
  double there = 0;
  double back = 0;
};

// Who meets whom in a round, as in a tournament: one seat stays, the others move on by one each
// round. With an odd number whoever meets the empty seat rests.
int partner_of(int rank, int round, int ranks) {
  const int seats = ranks + ranks % 2;
  const int others = seats - 1;
  int partner = 0;
  if (rank == others) {
    // It meets the one that would meet itself; seats is even, so that 2 has an inverse.
    partner = round * (seats / 2) % others;
  } else {
    partner = (round - rank % others + 2 * others) % others;
    if (partner == rank) partner = others;
  }
  return partner < ranks ? partner : -1;
}

double round_trip(const Communicator& world, int partner, bool leads) {
  std::vector<double> times;
  for (int i = 0; i < opening_round_trips + round_trips; ++i) {
    const double start = Environment::wtime();
    if (leads) {
      world.send(std::int32_t{i}, partner, tag_ping);
      world.recv<std::int32_t>(partner, tag_ping);
    } else {
      world.send(world.recv<std::int32_t>(partner, tag_ping), partner, tag_ping);
    }
    if (i >= opening_round_trips) times.push_back(Environment::wtime() - start);
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

// Seconds of a block on its way from here to the partner; the answer's way is taken off.
double send_block(const Communicator& world, int partner, std::size_t bytes, double round_trip) {
  const std::vector<std::byte> block(bytes);
  const double start = Environment::wtime();
  world.send(block, partner, tag_block);
  world.recv<std::int32_t>(partner, tag_block);
  const double elapsed = Environment::wtime() - start;
  return std::max(elapsed - round_trip / 2, elapsed / 4);
}

void take_block(const Communicator& world, int partner) {
  world.recv<std::vector<std::byte>>(partner, tag_block);
  world.send(std::int32_t{0}, partner, tag_block);
}

double sending_rate(const Communicator& world, int partner, double round_trip) {
  const double first = send_block(world, partner, first_block, round_trip);
  const double wanted = static_cast<double>(first_block) / first * wanted_seconds;
  const auto bytes = static_cast<std::size_t>(
      std::clamp(wanted, static_cast<double>(first_block), static_cast<double>(longest_block)));
  double least = send_block(world, partner, bytes, round_trip);
  for (int i = 1; i < counted_blocks; ++i)
    least = std::min(least, send_block(world, partner, bytes, round_trip));
  return static_cast<double>(bytes) / least;
}

void take_blocks(const Communicator& world, int partner) {
  for (int i = 0; i < 1 + counted_blocks; ++i) take_block(world, partner);
}

// What the second of the two has seen of its way goes to the first.
PairFigures measure_pair(const Communicator& world, int partner) {
  const bool leads = world.rank() < partner;
  PairFigures figures{world.rank(), partner, round_trip(world, partner, leads), 0, 0};
  if (leads) {
    figures.there = sending_rate(world, partner, figures.round_trip_seconds);
    take_blocks(world, partner);
    figures.back = world.recv<double>(partner, tag_figures);
  } else {
    take_blocks(world, partner);
    world.send(sending_rate(world, partner, figures.round_trip_seconds), partner, tag_figures);
  }
  return figures;
}

}  // namespace

void measure_pairs(const Communicator& world) {
  const int ranks = world.size();
  const int rounds = ranks - 1 + ranks % 2;
  const int taken = std::min(rounds, most_rounds);
  std::vector<PairFigures> mine;
  for (int i = 0; i < taken; ++i) {
    world.barrier();
    // Those of a sample are spread over all rounds.
    const int partner = partner_of(world.rank(), i * rounds / taken, ranks);
    if (partner < 0) continue;
    const PairFigures figures = measure_pair(world, partner);
    if (world.rank() < partner) mine.push_back(figures);
  }
  for (int rank = 0; rank < ranks; ++rank) {
    if (rank == world.rank() && rank != 0) world.send(mine, 0, tag_figures);
    if (world.rank() != 0) continue;
    const auto figures = rank == 0 ? mine : world.recv<std::vector<PairFigures>>(rank, tag_figures);
    for (const PairFigures& pair : figures) {
      std::printf("pair %d %d %.9f %.0f %.0f\n", pair.first, pair.second, pair.round_trip_seconds,
                  pair.there, pair.back);
    }
  }
}

}  // namespace prun::tune
