#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace prun::job {

// What one host wants, and whether another host can give it.
struct FileWish {
  std::uint32_t host = 0;
  std::vector<std::uint32_t> files;  // of the offer
  std::uint16_t port = 0;            // 0: from the launcher alone
};

// The hosts that want the same files, one behind the other in the order of the wishes: the first is
// sent them by the launcher, each passes them on to the next. Hosts that take nothing from others
// begin chains. A plain function of its argument.
std::vector<std::vector<FileWish>> chains_of(const std::vector<FileWish>& wishes);

// Who passes files on to whom. Owned by the job, one thread.
class FileChains {
 public:
  // Afterwards each host of it, the last one left out, has a next.
  void add(const std::vector<FileWish>& chain);

  std::optional<std::uint32_t> next_of(std::uint32_t host) const;
  // The link from that host to its next has broken: the next, which then has no source any more.
  std::optional<std::uint32_t> cut_behind(std::uint32_t host);
  // That host is sent the rest by the launcher, whoever was in front of it.
  void cut_before(std::uint32_t host);

 private:
  struct Link {
    std::uint32_t from;
    std::uint32_t to;
  };
  std::vector<Link> links_;
};

}  // namespace prun::job
