// One rank of a job whose hosts have different processors: every rank sends every other values of
// all kinds, and all compute together. Whatever arrives otherwise than it was sent ends the job.
#include <array>
#include <cereal/types/map.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/vector.hpp>
#include <complex>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <functional>
#include <iostream>
#include <limits>
#include <map>
#include <prun/prun.hpp>
#include <prun/serialize.hpp>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

#if defined(__x86_64__)
constexpr const char* architecture = "x86_64";
#elif defined(__aarch64__)
constexpr const char* architecture = "aarch64";
#elif defined(__arm__)
constexpr const char* architecture = "armhf";
#else
#error which processor is this?
#endif

// Its second member stands behind a gap wherever doubles lie on multiples of eight.
struct Sample {
  std::int32_t id;
  double value;
  bool operator==(const Sample&) const = default;
};

struct Event {
  std::string name;
  std::map<std::string, std::vector<std::int64_t>> series;
  bool operator==(const Event&) const = default;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(name, series);
  }
};

void check(bool holds, const std::string& what) {
  if (!holds) throw std::runtime_error(std::string(architecture) + ": wrong " + what);
}

// What rank `from` sends: from long ago agreed on by all, so that both ends can make it.
struct Parcel {
  explicit Parcel(int from)
      : number(-1000 * from - 7),
        wide(std::numeric_limits<std::int64_t>::min() + from),
        real(from + 1.0 / 3.0),
        sample{from, 0.1 * from},
        complex(from, -from),
        text("rank " + std::to_string(from) + " says grüß dich"),
        event{"event " + std::to_string(from), {{"empty", {}}, {"some", {1, -from, wide}}}} {
    for (std::int32_t i = 0; i < 5; ++i) samples.push_back({i, real * i});
    for (int i = 0; i < 3; ++i)
      small[static_cast<std::size_t>(i)] = static_cast<std::int16_t>(i - from);
    // Beyond what goes eagerly, and more than one segment.
    large.resize(200'000);
    for (std::size_t i = 0; i < large.size(); ++i)
      large[i] =
          static_cast<std::uint64_t>(i) * 0x9E3779B97F4A7C15U + static_cast<std::uint64_t>(from);
  }

  std::int32_t number;
  std::int64_t wide;
  double real;
  Sample sample;
  std::complex<double> complex;
  std::string text;
  Event event;
  std::vector<Sample> samples;
  std::array<std::int16_t, 3> small{};
  std::vector<std::uint64_t> large;
};

void send(const prun::Communicator& world, const Parcel& parcel, int dest) {
  world.send(parcel.number, dest, 1);
  world.send(parcel.wide, dest, 2);
  world.send(parcel.real, dest, 3);
  world.send(parcel.sample, dest, 4);
  world.send(parcel.complex, dest, 5);
  world.send(parcel.text, dest, 6);
  world.send(parcel.event, dest, 7);
  world.send(parcel.samples, dest, 8);
  world.send(parcel.small, dest, 9);
  world.send(parcel.large, dest, 10);
}

void receive(const prun::Communicator& world, const Parcel& expected, int source) {
  check(world.recv<std::int32_t>(source, 1) == expected.number, "int32");
  check(world.recv<std::int64_t>(source, 2) == expected.wide, "int64");
  check(world.recv<double>(source, 3) == expected.real, "double");
  check(world.recv<Sample>(source, 4) == expected.sample, "struct");
  check(world.recv<std::complex<double>>(source, 5) == expected.complex, "complex");
  check(world.recv<std::string>(source, 6) == expected.text, "string");
  check(world.recv<Event>(source, 7) == expected.event, "cereal object");
  check(world.recv<std::vector<Sample>>(source, 8) == expected.samples, "vector of structs");
  std::array<std::int16_t, 3> small{};
  check(world.recv(small, source, 9).count == 3 && small == expected.small, "array");
  check(world.recv<std::vector<std::uint64_t>>(source, 10) == expected.large, "large vector");
}

void compute_together(const prun::Communicator& world) {
  const int size = world.size();
  const std::int64_t all = std::int64_t{size} * (size - 1) / 2;
  check(world.allreduce(std::int64_t{world.rank()}, std::plus<>{}) == all, "sum of int64");
  // Long enough to be cut into segments.
  std::vector<double> mine(50'000, world.rank() + 0.5);
  std::vector<double> sums(mine.size());
  world.allreduce(mine, sums, std::plus<>{});
  check(sums == std::vector<double>(mine.size(), static_cast<double>(all) + 0.5 * size),
        "sum of doubles");
  for (int root = 0; root < size; ++root) {
    Event event;
    if (world.rank() == root) event = Parcel(root).event;
    world.bcast(event, root);
    check(event == Parcel(root).event, "broadcast object");
  }
  std::vector<std::uint32_t> pieces;
  for (int to = 0; to < size; ++to)
    pieces.push_back(static_cast<std::uint32_t>(1000 * world.rank() + to));
  const auto received = world.alltoall(pieces);
  for (int from = 0; from < size; ++from) {
    check(received[static_cast<std::size_t>(from)] ==
              static_cast<std::uint32_t>(1000 * from + world.rank()),
          "alltoall");
  }
}

}  // namespace

int main(int argc, char** argv) try {
  prun::Environment env(argc, argv);
  const prun::Communicator& world = env.world();
  const Parcel mine(world.rank());
  for (int step = 1; step < world.size(); ++step) {
    const int to = (world.rank() + step) % world.size();
    const int from = (world.rank() + world.size() - step) % world.size();
    send(world, mine, to);
    receive(world, Parcel(from), from);
  }
  compute_together(world);
  const Event self{std::string(architecture) + "/" + std::to_string(8 * sizeof(void*)), {}};
  const auto all = world.gather(self, 0);
  if (world.rank() == 0) {
    std::cout << "all agree:";
    for (const auto& one : all) std::cout << ' ' << one.name;
    std::cout << '\n';
  }
} catch (const std::exception& error) {
  std::cerr << "mixed: " << error.what() << '\n';
  return EXIT_FAILURE;
}
