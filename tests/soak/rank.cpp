// A rank of the soak: random messages and collectives over random communicators, each checked byte by
// byte, until the time is up. All ranks draw the same plan from the seed, so everybody knows what
// everybody sends.
//
// usage: prun ... soak_rank SECONDS SEED      rank 0 prints what was done

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <prun/prun.hpp>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using Bytes = std::vector<std::uint8_t>;
using Numbers = std::vector<std::uint64_t>;

constexpr std::size_t communicators_at_once = 5;
constexpr int rounds_between_looks = 8;  // at the clock: all ranks stop in the same round

void require(bool holds, const std::string& what) {
  if (!holds) throw std::runtime_error(what);
}

// Content that nobody else's message has.
std::uint64_t word_of(std::uint64_t round, int rank, std::uint64_t index) {
  std::uint64_t value = round * 0x9e3779b97f4a7c15u +
                        static_cast<std::uint64_t>(rank) * 0xbf58476d1ce4e5b9u +
                        index * 0x94d049bb133111ebu;
  value ^= value >> 29;
  return value * 0xff51afd7ed558ccdu;
}
Bytes content(std::uint64_t round, int rank, std::uint64_t number, std::size_t count) {
  Bytes bytes(count);
  std::uint64_t state = word_of(round, rank, number);
  for (std::uint8_t& byte : bytes) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    byte = static_cast<std::uint8_t>(state >> 56);
  }
  return bytes;
}
Numbers numbers(std::uint64_t round, int rank, std::size_t count) {
  Numbers values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = word_of(round, rank, i);
  return values;
}

class Soak {
 public:
  Soak(const prun::Communicator& world, std::uint32_t seed) : world_(world), random_(seed) {
    groups_.push_back({world.dup(), everybody()});
  }

  void round() {
    ++round_;
    if (one_in(10)) change_groups();
    const Group& group = groups_[below(groups_.size())];
    const std::size_t what = below(10);
    const auto seed = static_cast<std::uint32_t>(random_());
    if (!group.communicator.valid()) return;
    members_ = std::minstd_rand(seed);
    if (what < 5) {
      messages(group);
    } else {
      collective(group);
    }
  }
  std::uint64_t rounds() const { return round_; }
  // Of this rank.
  std::uint64_t bytes() const { return bytes_; }

 private:
  struct Group {
    prun::Communicator communicator;  // not valid where this rank is no member
    std::vector<int> members;         // world ranks
  };

  std::size_t below(std::size_t end) { return random_() % end; }
  bool one_in(std::size_t times) { return below(times) == 0; }
  // What only members of the group draw.
  std::size_t member_draw(std::size_t end) { return members_() % end; }
  // Mostly short, now and then long.
  std::size_t length() {
    switch (member_draw(12)) {
      case 0:
        return 200'000 + member_draw(400'000);
      case 1:
      case 2:
        return 10'000 + member_draw(20'000);
      default:
        return member_draw(2000);
    }
  }

  std::vector<int> everybody() const {
    std::vector<int> all;
    for (int rank = 0; rank < world_.size(); ++rank) all.push_back(rank);
    return all;
  }

  void change_groups() {
    if (groups_.size() > 1 && (groups_.size() == communicators_at_once || one_in(2))) {
      groups_.erase(groups_.begin() + 1 + static_cast<std::ptrdiff_t>(below(groups_.size() - 1)));
      return;
    }
    std::vector<int> chosen;
    for (int rank = 0; rank < world_.size(); ++rank) {
      if (!one_in(3)) chosen.push_back(rank);
    }
    if (chosen.empty()) chosen.push_back(0);
    bool mine = false;
    for (const int rank : chosen) mine = mine || rank == world_.rank();
    groups_.push_back(
        {world_.split(mine ? std::optional<int>(1) : std::nullopt), std::move(chosen)});
  }

  // Any member to any other, all at once; received by name, or from whomever.
  void messages(const Group& group) {
    const prun::Communicator& comm = group.communicator;
    const auto size = static_cast<std::size_t>(comm.size());
    const bool by_name = member_draw(2) == 0;
    const int tag = static_cast<int>(round_ % 1'000'000);
    struct Message {
      int from, to;
      std::size_t bytes;
    };
    std::vector<Message> plan;
    const std::size_t count = 1 + member_draw(3 * size);
    for (std::size_t i = 0; i < count; ++i) {
      const auto from = static_cast<int>(member_draw(size));
      const auto to = static_cast<int>(member_draw(size));
      plan.push_back({from, to, length()});
    }
    std::vector<prun::Request> requests;
    std::vector<Bytes> received(count);
    std::vector<std::size_t> expected;
    for (std::size_t i = 0; i < count; ++i) {
      if (plan[i].to != comm.rank()) continue;
      expected.push_back(i);
      if (by_name) requests.push_back(comm.irecv(received[i], plan[i].from, tag));
    }
    for (std::size_t i = 0; i < count; ++i) {
      if (plan[i].from != comm.rank()) continue;
      bytes_ += plan[i].bytes;
      requests.push_back(
          comm.isend(content(round_, plan[i].from, i, plan[i].bytes), plan[i].to, tag));
    }
    if (!by_name) receive_any(comm, tag, expected, plan, received);
    prun::wait_all(requests);
    for (const std::size_t i : expected)
      require(received[i] == content(round_, plan[i].from, i, plan[i].bytes),
              "message " + std::to_string(i) + " from " + std::to_string(plan[i].from) +
                  " is not what was sent");
  }

  template <class Plan>
  void receive_any(const prun::Communicator& comm, int tag,
                   const std::vector<std::size_t>& expected, const Plan& plan,
                   std::vector<Bytes>& received) {
    std::vector<bool> here(plan.size());
    for (std::size_t n = 0; n < expected.size(); ++n) {
      Bytes bytes;
      const prun::Status status = comm.recv(bytes, prun::any_source, tag);
      std::optional<std::size_t> found;
      for (const std::size_t i : expected) {
        if (!found && !here[i] && plan[i].from == status.source) found = i;
      }
      require(found.has_value(), "a message more than was sent");
      here[*found] = true;
      received[*found] = std::move(bytes);
    }
  }

  void collective(const Group& group) {
    const prun::Communicator& comm = group.communicator;
    const auto size = static_cast<std::size_t>(comm.size());
    const auto root = static_cast<int>(member_draw(size));
    const std::size_t kind = member_draw(8);
    const std::size_t count = 1 + length() / 8 / (kind < 3 ? 1 : size);
    bytes_ += 8 * count;
    const Numbers mine = numbers(round_, comm.rank(), count);
    const auto sum_at = [&](std::size_t i) {
      std::uint64_t sum = 0;
      for (int rank = 0; rank < comm.size(); ++rank) sum += word_of(round_, rank, i);
      return sum;
    };
    const auto joined = [&](std::size_t offset, std::size_t part) {
      Numbers all;
      for (int rank = 0; rank < comm.size(); ++rank) {
        for (std::size_t i = 0; i < part; ++i) all.push_back(word_of(round_, rank, offset + i));
      }
      return all;
    };
    switch (kind) {
      case 0: {
        Numbers data = comm.rank() == root ? mine : Numbers();
        comm.bcast(data, root);
        require(data == numbers(round_, root, count), "bcast");
        break;
      }
      case 1: {
        const Numbers sums = comm.allreduce(mine, std::plus<>{});
        require(sums.size() == count, "allreduce, length");
        for (std::size_t i = 0; i < count; ++i) require(sums[i] == sum_at(i), "allreduce");
        break;
      }
      case 2: {
        const Numbers sums = comm.reduce(mine, std::plus<>{}, root);
        if (comm.rank() != root) break;
        for (std::size_t i = 0; i < count; ++i) require(sums.at(i) == sum_at(i), "reduce");
        break;
      }
      case 3:
        require(comm.allgather(mine) == joined(0, count), "allgather");
        break;
      case 4: {
        const Numbers all = comm.gather(mine, root);
        require(comm.rank() != root || all == joined(0, count), "gather");
        break;
      }
      case 5: {
        Numbers all;
        if (comm.rank() == root) all = joined(0, count);
        Numbers part(count);
        comm.scatter(all, part, root);
        require(part == mine, "scatter");
        break;
      }
      case 6: {
        const Numbers all = comm.alltoall(numbers(round_, comm.rank(), count * size));
        require(all == joined(count * static_cast<std::size_t>(comm.rank()), count), "alltoall");
        break;
      }
      default:
        comm.barrier();
        break;
    }
  }

  const prun::Communicator& world_;
  std::minstd_rand random_;   // the same everywhere
  std::minstd_rand members_;  // the same among the members of a group, for one round
  std::vector<Group> groups_;
  std::uint64_t round_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: soak_rank SECONDS SEED\n");
    return 64;
  }
  const std::chrono::seconds length(std::atoi(argv[1]));
  const auto seed = static_cast<std::uint32_t>(std::atoi(argv[2]));
  prun::Environment env(argc, argv);
  const prun::Communicator& world = env.world();
  const auto end = std::chrono::steady_clock::now() + length;
  Soak soak(world, seed);
  try {
    bool more = true;
    while (more) {
      for (int i = 0; i < rounds_between_looks; ++i) soak.round();
      more = std::chrono::steady_clock::now() < end;
      world.bcast(more, 0);
    }
  } catch (const std::exception& cause) {
    std::fprintf(stderr, "round %llu of seed %u: %s\n",
                 static_cast<unsigned long long>(soak.rounds()), seed, cause.what());
    env.abort(1, "the soak found a fault");
  }
  const std::uint64_t all = world.reduce(soak.bytes(), std::plus<>{}, 0);
  if (world.rank() == 0) {
    std::printf("rounds %llu bytes %llu\n", static_cast<unsigned long long>(soak.rounds()),
                static_cast<unsigned long long>(all));
  }
  return 0;
}
