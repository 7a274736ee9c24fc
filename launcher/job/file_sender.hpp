#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "launcher/stage/messages.hpp"
#include "launcher/system/descriptor.hpp"

namespace prun::job {

// The files one host wants, piece by piece, at the pace at which its connection takes them. Owned by
// the job, on its thread; the offer lives longer.
class FileSender {
 public:
  FileSender(const stage::StageOffer& offer, std::vector<std::uint32_t> wanted);

  // The next pieces, a few at most; none at the end, a Failure where a file cannot be read to its
  // end any more.
  core::Result<std::vector<stage::StageData>> next();

  std::uint64_t bytes() const { return bytes_; }  // in all
  std::uint64_t sent() const { return sent_; }

 private:
  const stage::StageOffer& offer_;
  std::vector<std::uint32_t> wanted_;
  std::size_t at_ = 0;          // in wanted_
  std::uint64_t position_ = 0;  // in that file
  system::Descriptor file_;
  std::uint64_t bytes_ = 0;
  std::uint64_t sent_ = 0;
};

}  // namespace prun::job
