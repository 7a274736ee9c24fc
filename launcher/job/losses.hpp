#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "launcher/io/exit_report.hpp"

namespace prun::job {

// What has been lost of a job that goes on all the same (--on-failure=continue), and what prun ends
// with then. A plain value.
class Losses {
 public:
  // The rank's process has ended badly. True: it is lost to the others; false: it had finished with
  // them, and only its status counts.
  bool add(const io::RankEnd& end);
  // It was started again: what counted of it counts no more.
  void back(std::uint32_t rank);
  // It went with its host.
  void add_with_host(std::uint32_t rank, const std::string& host);

  // This rank is to be ended because another has lost touch with it; false if it was already.
  bool condemn(std::uint32_t rank, std::string cause);
  bool condemned(std::uint32_t rank) const { return condemned_.contains(rank); }
  // What is said of its end: the reason for which it was condemned, or the end's own.
  std::string cause_of(const io::RankEnd& end) const;

  // What decides in place of success: the end of rank 0, or else of the first rank that ended with
  // a status of its own. Nothing: all that are left have ended well.
  struct Verdict {
    int status;
    std::string sentence;
  };
  std::optional<Verdict> verdict() const;
  // "went on without ranks 2 and 6 on rpi3, rank 4 on rpi5"; empty: none was lost.
  std::string summary() const;

 private:
  std::map<std::uint32_t, std::string> lost_;  // rank, host
  std::map<std::uint32_t, std::string> condemned_;
  std::optional<Verdict> rank_0_;
  std::vector<std::pair<std::uint32_t, Verdict>> others_;  // rank; in the order of their ends
};

}  // namespace prun::job
