#include "launcher/job/file_chains.hpp"

#include <algorithm>

namespace prun::job {

std::vector<std::vector<FileWish>> chains_of(const std::vector<FileWish>& wishes) {
  std::vector<std::vector<FileWish>> chains;
  for (const auto& wish : wishes) {
    const auto same = std::find_if(chains.begin(), chains.end(), [&](const auto& chain) {
      return chain.front().files == wish.files && (wish.port != 0 || chain.front().port != 0);
    });
    if (same == chains.end()) {
      chains.push_back({wish});
    } else if (wish.port != 0) {
      same->push_back(wish);
    } else {
      same->insert(same->begin(), wish);
    }
  }
  return chains;
}

void FileChains::add(const std::vector<FileWish>& chain) {
  for (std::size_t i = 0; i + 1 < chain.size(); ++i)
    links_.push_back({chain[i].host, chain[i + 1].host});
}

std::optional<std::uint32_t> FileChains::next_of(std::uint32_t host) const {
  const auto link = std::find_if(links_.begin(), links_.end(),
                                 [host](const Link& one) { return one.from == host; });
  return link == links_.end() ? std::nullopt : std::optional(link->to);
}

std::optional<std::uint32_t> FileChains::cut_behind(std::uint32_t host) {
  const auto next = next_of(host);
  if (next) cut_before(*next);
  return next;
}

void FileChains::cut_before(std::uint32_t host) {
  std::erase_if(links_, [host](const Link& link) { return link.to == host; });
}

}  // namespace prun::job
