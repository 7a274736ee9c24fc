#include "launcher/job/file_sender.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace prun::job {
namespace {

constexpr std::size_t pieces_at_once = 4;

}  // namespace

FileSender::FileSender(const stage::StageOffer& offer, std::vector<std::uint32_t> wanted)
    : offer_(offer), wanted_(std::move(wanted)) {
  for (const auto file : wanted_) bytes_ += offer_.files[file].content.bytes;
}

core::Result<std::vector<stage::StageData>> FileSender::next() {
  std::vector<stage::StageData> pieces;
  while (at_ < wanted_.size() && pieces.size() < pieces_at_once) {
    const auto& file = offer_.files[wanted_[at_]];
    const std::uint64_t left = file.content.bytes - position_;
    if (left == 0) {
      ++at_;
      position_ = 0;
      file_.reset();
      continue;
    }
    if (!file_) file_.reset(::open(file.path.c_str(), O_RDONLY | O_CLOEXEC));
    stage::StageData piece;
    piece.file = wanted_[at_];
    piece.data.resize(
        static_cast<std::size_t>(std::min<std::uint64_t>(left, stage::data_chunk_bytes)));
    ssize_t got = 0;
    while ((got = ::read(file_.get(), piece.data.data(), piece.data.size())) < 0 &&
           errno == EINTR) {
    }
    if (got <= 0) return core::Failure{Errc::resource, file.path + " cannot be read any more"};
    piece.data.resize(static_cast<std::size_t>(got));
    position_ += static_cast<std::uint64_t>(got);
    sent_ += static_cast<std::uint64_t>(got);
    pieces.push_back(std::move(piece));
  }
  return pieces;
}

}  // namespace prun::job
