#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace prun::job {

// What agents have said of each rank. Holds them to what an agent of ours can say of one, in which
// order, and how often: else one that lies could end the job as if it had gone well, or fill this
// machine's memory. A plain object of one thread. Each call answers with what is wrong, if anything is.
class RankReports {
 public:
  using Fault = std::optional<std::string>;

  RankReports() = default;
  RankReports(std::size_t ranks, std::size_t hosts)
      : ranks_(ranks), shown_(hosts, 0), owed_(hosts, 0) {}

  // Of the process.
  Fault started(std::uint32_t rank);
  Fault exited(std::uint32_t rank);
  Fault done(std::uint32_t rank);
  // It is to be started again, perhaps by another agent.
  void may_start(std::uint32_t rank) { ranks_[rank].state = State::absent; }
  // It has announced its port.
  Fault announced(std::uint32_t rank);
  // So much of standard input was sent to each who reads it, and this one has read so much of it.
  void given_input(std::size_t bytes) { input_ += bytes; }
  Fault read_input(std::uint32_t rank, std::size_t bytes);
  // It has printed so much, and the room of so much was given back to its host.
  Fault printed(std::uint32_t host, std::size_t bytes);
  // Answers how much of that is for the host's agent of today to know.
  std::size_t given_back(std::uint32_t host, std::size_t bytes);
  // The host was lost: another agent of it may print from now on.
  void host_lost(std::uint32_t host);

 private:
  enum class State : std::uint8_t { absent, started, exited, done };
  struct Rank {
    State state = State::absent;
    bool announced = false;
    std::uint64_t input = 0;  // bytes of it that it has read
  };

  std::vector<Rank> ranks_;
  std::uint64_t input_ = 0;
  std::vector<std::size_t> shown_;  // by host: bytes of output for which there was no credit yet
  std::vector<std::size_t> owed_;   // by host: the same, to agents that are gone
};

}  // namespace prun::job
