#include "runtime/transport/shm/shm_segment.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace prun::transport::shm {
namespace {

struct flock byte_lock(std::uint32_t rank) {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = static_cast<off_t>(rank);
  lock.l_len = 1;
  return lock;
}

}  // namespace

Window& Window::operator=(Window&& other) noexcept {
  std::swap(base_, other.base_);
  std::swap(bytes_, other.bytes_);
  std::swap(at_, other.at_);
  return *this;
}

Window::~Window() {
  if (base_ != nullptr) ::munmap(base_, bytes_);
}

core::Result<std::unique_ptr<Segment>> Segment::open(int descriptor, std::uint64_t job_id,
                                                     std::uint32_t self, std::uint32_t ranks) {
  // Programs that this rank starts have no business with it.
  ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  const auto shape = bootstrap::check_shared_segment(descriptor, job_id, ranks);
  if (!shape) return shape.failure();
  std::unique_ptr<Segment> segment(new Segment(descriptor, shape.value(), self));
  auto common = segment->map(0, shape.value().common_bytes());
  if (!common) return common.failure();
  segment->common_ = std::move(common).value();
  struct flock lock = byte_lock(self);
  ::fcntl(descriptor, F_SETLK, &lock);
  return segment;
}

Segment::~Segment() {
  ::close(descriptor_);
}

core::Result<Window> Segment::map(std::uint64_t offset, std::uint64_t bytes) const {
  // The kernel's pages may be larger than ours.
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  const std::uint64_t before = offset % page;
  const auto length = static_cast<std::size_t>(before + bytes);
  void* base = ::mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor_,
                      static_cast<off_t>(offset - before));
  if (base == MAP_FAILED) {
    return core::Failure{
        Errc::resource,
        std::string("cannot map the memory shared by its host's ranks: ") + std::strerror(errno)};
  }
  return Window(base, length, static_cast<std::byte*>(base) + before);
}

core::Result<Window> Segment::pair(std::uint32_t sender, std::uint32_t receiver) const {
  return map(shape_.pair(sender, receiver), shape_.pair_bytes());
}

bool Segment::lives(std::uint32_t rank) const {
  struct flock lock = byte_lock(rank);
  if (::fcntl(descriptor_, F_GETLK, &lock) != 0) return true;
  return lock.l_type != F_UNLCK;
}

}  // namespace prun::transport::shm
