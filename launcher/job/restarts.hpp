#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace prun::job {

// Which ranks were lost and are to be started again (--restart), how often each was, and what number
// its process has in the job (bootstrap::JobMap). A plain value.
class Restarts {
 public:
  Restarts() = default;
  // Each rank may be started again `most` times; 0: none is.
  Restarts(std::uint32_t ranks, std::uint32_t most) : most_(most), ranks_(ranks) {}

  bool allowed() const { return most_ > 0; }
  std::uint32_t processes() const;

  // The process that the rank is at present, or was before it was lost.
  std::uint32_t process_of(std::uint32_t rank) const;
  std::uint32_t rank_of(std::uint32_t process) const;
  bool is_present(std::uint32_t process) const;

  // It may be started again once more, at least.
  bool has_more(std::uint32_t rank) const { return ranks_[rank].incarnation < most_; }
  // The rank was lost. False: it has had all of its starts.
  bool lost(std::uint32_t rank);
  // It is to be started again, and that has not been ordered yet; as which process.
  bool awaited(std::uint32_t rank) const { return ranks_[rank].awaited; }
  std::uint32_t next_process(std::uint32_t rank) const;
  // The order goes out. Answers how many times it was given.
  std::uint32_t start(std::uint32_t rank);

  // "1 of 3", of a rank that has just been started again.
  std::string count_words(std::uint32_t rank) const;

 private:
  struct Rank {
    std::uint32_t incarnation = 0;
    bool awaited = false;
  };

  std::uint32_t most_ = 0;
  std::vector<Rank> ranks_;
};

// How long to wait before each further attempt to reach a host that was lost: longer and longer, so
// that one that stays away costs next to nothing.
class ReturnPauses {
 public:
  static constexpr std::chrono::milliseconds first{1000};
  static constexpr std::chrono::milliseconds longest{15'000};

  std::chrono::milliseconds next();
  void begin_anew() { pause_ = first; }

 private:
  std::chrono::milliseconds pause_ = first;
};

// What is wrong with that many restarts of each rank, or nothing.
std::string too_many_restarts(std::uint32_t restarts, std::size_t ranks);

}  // namespace prun::job
