#include "runtime/bootstrap/shared_segment.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include "runtime/wire/codec.hpp"

namespace prun::bootstrap {
namespace {

static_assert(sizeof(off_t) == 8, "build with _FILE_OFFSET_BITS=64: segments are sparse and long");

constexpr std::array<char, 8> magic{'p', 'r', 'u', 'n', '-', 's', 'h', 'm'};
constexpr std::uint32_t version = 1;
constexpr std::size_t head_bytes = 32;
constexpr int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

core::Failure system_failure(const std::string& what) {
  return {Errc::resource, what + ": " + std::strerror(errno)};
}

std::array<std::byte, head_bytes> encode_head(std::uint64_t job_id, const SegmentShape& shape) {
  std::array<std::byte, head_bytes> head{};
  std::memcpy(head.data(), magic.data(), magic.size());
  wire::store_little(head.data() + 8, version);
  wire::store_little(head.data() + 12, shape.ranks());
  wire::store_little(head.data() + 16, shape.ring_bytes());
  wire::store_little(head.data() + 24, job_id);
  return head;
}

}  // namespace

SegmentShape SegmentShape::for_ranks(std::uint32_t ranks) {
  if (ranks <= 16) return {ranks, 64u << 10};
  if (ranks <= 64) return {ranks, 32u << 10};
  return {ranks, least_ring_bytes};
}

core::Result<int> make_shared_segment(std::uint64_t job_id, std::uint32_t ranks) {
  if (ranks > SegmentShape::most_ranks) {
    return core::Failure{Errc::resource, std::to_string(ranks) +
                                             " ranks on one host are more than " +
                                             std::to_string(SegmentShape::most_ranks)};
  }
  const SegmentShape shape = SegmentShape::for_ranks(ranks);
  // Past this limit the kernel would kill us.
  rlimit limit{};
  if (::getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
      limit.rlim_cur < shape.total_bytes()) {
    return core::Failure{Errc::resource, "the limit of file sizes (ulimit -f) is too small for it"};
  }
  const int descriptor = ::memfd_create("prun", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (descriptor < 0) return system_failure("the kernel gives none");
  const auto head = encode_head(job_id, shape);
  if (::ftruncate(descriptor, static_cast<off_t>(shape.total_bytes())) != 0 ||
      ::pwrite(descriptor, head.data(), head.size(), 0) != static_cast<ssize_t>(head.size()) ||
      ::fcntl(descriptor, F_ADD_SEALS, seals) != 0) {
    const core::Failure failure = system_failure("it cannot be set up");
    ::close(descriptor);
    return failure;
  }
  return descriptor;
}

core::Result<SegmentShape> check_shared_segment(int descriptor, std::uint64_t job_id,
                                                std::uint32_t ranks) {
  const core::Failure stranger{Errc::not_prun,
                               "descriptor " + std::to_string(descriptor) +
                                   " is not the memory that its agent shares with it"};
  const int found_seals = ::fcntl(descriptor, F_GET_SEALS);
  if (found_seals < 0 || (found_seals & seals) != seals) return stranger;
  std::array<std::byte, head_bytes> head{};
  if (::pread(descriptor, head.data(), head.size(), 0) != static_cast<ssize_t>(head.size()))
    return stranger;
  const SegmentShape shape(ranks, wire::load_little<std::uint32_t>(head.data() + 16));
  const std::uint32_t ring = shape.ring_bytes();
  if (ranks > SegmentShape::most_ranks || ring < SegmentShape::least_ring_bytes ||
      ring > SegmentShape::most_ring_bytes || (ring & (ring - 1)) != 0 ||
      head != encode_head(job_id, shape)) {
    return stranger;
  }
  struct stat info {};
  if (::fstat(descriptor, &info) != 0 ||
      static_cast<std::uint64_t>(info.st_size) != shape.total_bytes()) {
    return stranger;
  }
  return shape;
}

}  // namespace prun::bootstrap
