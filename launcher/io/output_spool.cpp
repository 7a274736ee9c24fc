#include "launcher/io/output_spool.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace prun::io {
namespace {

core::Failure failed(const char* what, int error) {
  return {Errc::resource, std::string("--sort: cannot ") + what +
                              " a temporary file: " + std::generic_category().message(error)};
}

std::string temporary_folder() {
  const char* folder = std::getenv("TMPDIR");
  return folder != nullptr && *folder != '\0' ? folder : "/tmp";
}

int open_unnamed_file() {
  const std::string folder = temporary_folder();
  const int file = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (file >= 0) return file;
  // File systems that know no files without a name.
  std::string name = folder + "/prun-sort-XXXXXX";
  const int named = ::mkostemp(name.data(), O_CLOEXEC);
  if (named >= 0) ::unlink(name.c_str());
  return named;
}

}  // namespace

OutputSpool::~OutputSpool() {
  for (const auto& [key, lane] : lanes_) {
    if (lane.file >= 0) ::close(lane.file);
  }
}

core::Status OutputSpool::append(std::uint32_t rank, Stream stream, std::string_view bytes) {
  Lane& lane = lanes_[{rank, stream}];
  lane.recent += bytes;
  if (lane.recent.size() <= kept_bytes) return core::Done{};
  return write_out(lane);
}

core::Status OutputSpool::write_out(Lane& lane) {
  if (lane.file < 0) lane.file = open_unnamed_file();
  if (lane.file < 0) return failed("make", errno);
  std::string_view rest = lane.recent;
  while (!rest.empty()) {
    const ssize_t count =
        ::pwrite(lane.file, rest.data(), rest.size(), static_cast<off_t>(lane.in_file));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed("write", errno);
    lane.in_file += static_cast<std::uint64_t>(count);
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
  lane.recent.clear();
  return core::Done{};
}

core::Result<std::optional<OutputSpool::Piece>> OutputSpool::take(std::size_t most) {
  if (lanes_.empty()) return std::optional<Piece>();
  const auto first = lanes_.begin();
  Lane& lane = first->second;
  Piece piece{first->first.first, first->first.second, {}, false};
  if (lane.taken < lane.in_file) {
    piece.bytes.resize(static_cast<std::size_t>(
        std::min(static_cast<std::uint64_t>(most), lane.in_file - lane.taken)));
    ssize_t got = 0;
    do {
      got = ::pread(lane.file, piece.bytes.data(), piece.bytes.size(),
                    static_cast<off_t>(lane.taken));
    } while (got < 0 && errno == EINTR);
    if (got <= 0) return failed("read", got == 0 ? EIO : errno);
    piece.bytes.resize(static_cast<std::size_t>(got));
    lane.taken += static_cast<std::uint64_t>(got);
  } else {
    piece.bytes = lane.recent.substr(0, most);
    lane.recent.erase(0, most);
  }
  if (lane.taken == lane.in_file && lane.recent.empty()) {
    piece.is_last = true;
    if (lane.file >= 0) ::close(lane.file);
    lanes_.erase(first);
  }
  return std::optional<Piece>(std::move(piece));
}

}  // namespace prun::io
