#include "runtime/transport/shm/shm_copy.hpp"

#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <limits>
#include <string>

namespace prun::transport::shm {
namespace {

using Transfer = ssize_t (*)(pid_t, const iovec*, unsigned long, const iovec*, unsigned long,
                             unsigned long);

// All of it, or why not. A transfer may end early where a page is not there.
core::Status transfer_all(Transfer transfer, pid_t process, std::byte* mine, std::uint64_t theirs,
                          std::size_t bytes) {
  if (theirs > std::numeric_limits<std::uintptr_t>::max() - bytes) {
    return core::Failure{Errc::resource, "its memory is beyond what this process can address"};
  }
  const auto there = static_cast<std::uintptr_t>(theirs);
  for (std::size_t done = 0; done < bytes;) {
    const iovec local{mine + done, bytes - done};
    const iovec remote{reinterpret_cast<void*>(there + done), bytes - done};
    const ssize_t moved = transfer(process, &local, 1, &remote, 1, 0);
    if (moved < 0 && errno == EINTR) continue;
    if (moved <= 0) {
      return core::Failure{Errc::resource, std::string("its memory cannot be reached: ") +
                                               std::strerror(moved < 0 ? errno : EFAULT)};
    }
    done += static_cast<std::size_t>(moved);
  }
  return core::Done{};
}

}  // namespace

std::optional<Neighbour> Neighbour::find(std::byte* page) {
  const Neighbour candidate(
      static_cast<pid_t>(word(page + rank_page::process).load(std::memory_order_relaxed)));
  if (candidate.process_ <= 0) return std::nullopt;
  std::array<std::byte, rank_page::token_bytes> found{};
  if (!candidate.read(found, load_wide(page + rank_page::token_address))) return std::nullopt;
  if (std::memcmp(found.data(), page + rank_page::token, found.size()) != 0) return std::nullopt;
  return candidate;
}

core::Status Neighbour::read(std::span<std::byte> into, std::uint64_t from) const {
  return transfer_all(::process_vm_readv, process_, into.data(), from, into.size());
}

core::Status Neighbour::write(std::span<const std::byte> from, std::uint64_t to) const {
  // It is read only; iovec has no const.
  return transfer_all(::process_vm_writev, process_, const_cast<std::byte*>(from.data()), to,
                      from.size());
}

// --- the slot
// --------------------------------------------------------------------------------------------------------------

std::uint32_t CopySlot::pack(const Claim& claim) {
  return std::uint32_t{claim.turn} << 24 | static_cast<std::uint32_t>(claim.phase) << 16 |
         std::uint32_t{claim.back} << 8 | claim.front;
}

CopySlot::Claim CopySlot::unpack(std::uint32_t value) {
  return {static_cast<std::uint8_t>(value >> 24), static_cast<Phase>((value >> 16) & 0xff),
          static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
}

CopySlot::Claim CopySlot::load() const {
  return unpack(word(at_ + claim_at).load(std::memory_order_acquire));
}

bool CopySlot::replace(const Claim& old, const Claim& fresh) {
  std::uint32_t expected = pack(old);
  return word(at_ + claim_at)
      .compare_exchange_strong(expected, pack(fresh), std::memory_order_acq_rel,
                               std::memory_order_relaxed);
}

void CopySlot::post(std::uint8_t turn) {
  word(at_ + read_at).store(0, std::memory_order_relaxed);
  word(at_ + written_at).store(0, std::memory_order_relaxed);
  word(at_ + claim_at).store(pack({turn, Phase::posted, 0, 0}), std::memory_order_release);
}

bool CopySlot::withdraw(std::uint8_t turn) {
  return replace({turn, Phase::posted, 0, 0}, {turn, Phase::withdrawn, 0, 0});
}

CopySlot::Phase CopySlot::take(std::uint8_t turn) {
  if (replace({turn, Phase::posted, 0, 0}, {turn, Phase::taken, 0, 0})) return Phase::posted;
  return phase(turn);
}

void CopySlot::open(std::uint8_t turn, std::uint64_t place) {
  store_wide(at_ + place_at, place);
  word(at_ + claim_at).store(pack({turn, Phase::open, 0, 0}), std::memory_order_release);
}

std::uint32_t CopySlot::close(std::uint8_t turn) {
  const std::uint32_t before =
      word(at_ + claim_at).exchange(pack({turn, Phase::closed, 0, 0}), std::memory_order_acq_rel);
  return unpack(before).back;
}

void CopySlot::finish(std::uint8_t turn) {
  word(at_ + claim_at).store(pack({turn, Phase::finished, 0, 0}), std::memory_order_release);
}

std::optional<std::uint32_t> CopySlot::claim_front(std::uint8_t turn, std::uint32_t pieces) {
  for (;;) {
    const Claim claim = load();
    if (claim.turn != turn || claim.phase != Phase::open ||
        std::uint32_t{claim.front} + claim.back >= pieces) {
      return std::nullopt;
    }
    Claim fresh = claim;
    ++fresh.front;
    if (replace(claim, fresh)) return claim.front;
  }
}

std::optional<std::uint32_t> CopySlot::claim_back(std::uint8_t turn, std::uint32_t pieces) {
  for (;;) {
    const Claim claim = load();
    if (claim.turn != turn || claim.phase != Phase::open ||
        std::uint32_t{claim.front} + claim.back >= pieces) {
      return std::nullopt;
    }
    Claim fresh = claim;
    ++fresh.back;
    if (replace(claim, fresh)) return pieces - fresh.back;
  }
}

CopySlot::Phase CopySlot::phase(std::uint8_t turn) const {
  const Claim claim = load();
  return claim.turn == turn ? claim.phase : Phase::idle;
}

bool CopySlot::unclaimed(std::uint8_t turn, std::uint32_t pieces) const {
  const Claim claim = load();
  return claim.turn == turn && claim.phase == Phase::open &&
         std::uint32_t{claim.front} + claim.back < pieces;
}

bool CopySlot::settled(std::uint8_t turn, std::uint32_t pieces) const {
  const Claim claim = load();
  return claim.turn == turn && std::uint32_t{claim.front} + claim.back >= pieces &&
         word(at_ + read_at).load(std::memory_order_acquire) == claim.front &&
         word(at_ + written_at).load(std::memory_order_acquire) == claim.back;
}

CopySlot::Written CopySlot::written(std::uint32_t claimed) const {
  const std::uint32_t value = word(at_ + written_at).load(std::memory_order_acquire);
  if ((value & gave_up) != 0) return Written::gave_up;
  return value == claimed ? Written::all : Written::not_yet;
}

}  // namespace prun::transport::shm
