#include "runtime/clock/clock_page.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <new>
#include <string>
#include <utility>

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

namespace prun::clock {
namespace {

constexpr std::uint32_t magic = 0x6b6c6370;  // "pclk"
constexpr std::uint32_t layout_version = 1;
constexpr std::size_t line_words = 14;
constexpr int size_seals = F_SEAL_SHRINK | F_SEAL_GROW;

// Two words for each field: boards of 32 bits have no atomic of 64 without a lock.
using LineWords = std::array<std::uint32_t, line_words>;

LineWords split(const ClockLine& line) {
  const std::array<std::uint64_t, line_words / 2> fields{
      static_cast<std::uint64_t>(line.since),          static_cast<std::uint64_t>(line.time),
      std::bit_cast<std::uint64_t>(line.rate),         std::bit_cast<std::uint64_t>(line.error),
      std::bit_cast<std::uint64_t>(line.error_growth), std::bit_cast<std::uint64_t>(line.slew),
      static_cast<std::uint64_t>(line.slew_span)};
  LineWords words{};
  for (std::size_t i = 0; i < fields.size(); ++i) {
    words[2 * i] = static_cast<std::uint32_t>(fields[i]);
    words[2 * i + 1] = static_cast<std::uint32_t>(fields[i] >> 32);
  }
  return words;
}

ClockLine join(const LineWords& words) {
  const auto field = [&](std::size_t i) {
    return words[2 * i] | std::uint64_t{words[2 * i + 1]} << 32;
  };
  ClockLine line;
  line.since = static_cast<Nanoseconds>(field(0));
  line.time = static_cast<Nanoseconds>(field(1));
  line.rate = std::bit_cast<double>(field(2));
  line.error = std::bit_cast<double>(field(3));
  line.error_growth = std::bit_cast<double>(field(4));
  line.slew = std::bit_cast<double>(field(5));
  line.slew_span = static_cast<Nanoseconds>(field(6));
  return line;
}

core::Failure system_failure(const char* what) {
  return {Errc::resource, std::string(what) + ": " + std::strerror(errno)};
}

}  // namespace

struct ClockPage::Words {
  std::atomic<std::uint32_t> magic;
  std::atomic<std::uint32_t> version;
  std::atomic<std::uint32_t> skew_offset_low;
  std::atomic<std::uint32_t> skew_offset_high;
  std::atomic<std::uint32_t> skew_rate;
  // Even while nobody writes, 0 before the first line; a reader that meets two different numbers
  // around its reading reads again.
  std::atomic<std::uint32_t> sequence;
  std::array<std::atomic<std::uint32_t>, line_words> line;
};

core::Result<ClockPage> ClockPage::make(const Skew& skew) {
  static_assert(std::atomic<std::uint32_t>::is_always_lock_free && sizeof(Words) <= bytes);
  const int descriptor = ::memfd_create("prun-clock", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (descriptor < 0) return system_failure("no memory for the clock");
  ClockPage page(descriptor, nullptr);
  if (::ftruncate(descriptor, bytes) != 0) return system_failure("no memory for the clock");
  void* const memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (memory == MAP_FAILED) return system_failure("no memory for the clock");
  page.words_ = new (memory) Words{};
  page.words_->magic = magic;
  page.words_->version = layout_version;
  const auto offset = static_cast<std::uint64_t>(skew.offset);
  page.words_->skew_offset_low = static_cast<std::uint32_t>(offset);
  page.words_->skew_offset_high = static_cast<std::uint32_t>(offset >> 32);
  page.words_->skew_rate = static_cast<std::uint32_t>(skew.parts_per_billion);
  if (::fcntl(descriptor, F_ADD_SEALS, size_seals) != 0) return system_failure("seals");
  // Kernels before 5.1 do not know this one: ranks are the user's own programs.
  ::fcntl(descriptor, F_ADD_SEALS, F_SEAL_FUTURE_WRITE);
  return page;
}

core::Result<ClockPage> ClockPage::open(int descriptor) {
  ClockPage page(descriptor, nullptr);
  struct stat info {};
  const int seals = ::fcntl(descriptor, F_GET_SEALS);
  if (seals < 0 || (seals & size_seals) != size_seals || ::fstat(descriptor, &info) != 0 ||
      info.st_size != static_cast<off_t>(bytes))
    return core::Failure{Errc::not_prun, "the clock's descriptor is none of prun's"};
  void* const memory = ::mmap(nullptr, bytes, PROT_READ, MAP_SHARED, descriptor, 0);
  if (memory == MAP_FAILED) return system_failure("the clock cannot be read");
  page.words_ = static_cast<Words*>(memory);
  if (page.words_->magic != magic || page.words_->version != layout_version)
    return core::Failure{Errc::not_prun, "the clock's page is none of prun's"};
  return page;
}

LocalClock ClockPage::local() const {
  const std::uint64_t offset = words_->skew_offset_low | std::uint64_t{words_->skew_offset_high}
                                                             << 32;
  return LocalClock(
      {static_cast<Nanoseconds>(offset), static_cast<std::int32_t>(words_->skew_rate.load())});
}

void ClockPage::publish(const ClockLine& line) {
  const LineWords words = split(line);
  const std::uint32_t sequence = words_->sequence.load(std::memory_order_relaxed);
  words_->sequence.store(sequence + 1, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);
  for (std::size_t i = 0; i < line_words; ++i)
    words_->line[i].store(words[i], std::memory_order_relaxed);
  words_->sequence.store(sequence + 2, std::memory_order_release);
}

std::optional<ClockLine> ClockPage::line() const {
  for (;;) {
    const std::uint32_t before = words_->sequence.load(std::memory_order_acquire);
    if (before == 0) return std::nullopt;
    LineWords words;
    for (std::size_t i = 0; i < line_words; ++i)
      words[i] = words_->line[i].load(std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_acquire);
    if (before % 2 == 0 && words_->sequence.load(std::memory_order_relaxed) == before)
      return join(words);
  }
}

ClockPage::ClockPage(ClockPage&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      words_(std::exchange(other.words_, nullptr)) {}

ClockPage& ClockPage::operator=(ClockPage&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(words_, other.words_);
  return *this;
}

ClockPage::~ClockPage() {
  if (words_ != nullptr) ::munmap(words_, bytes);
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace prun::clock
