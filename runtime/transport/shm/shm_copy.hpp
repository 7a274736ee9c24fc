#pragma once

#include <sys/types.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "runtime/core/result.hpp"
#include "runtime/transport/shm/shm_words.hpp"

// Large payloads go from one process's memory to the other's with a single copy, by
// process_vm_readv and process_vm_writev, and both ends work on it: the receiver takes pieces from
// the front, the sender, while it has nothing else to do, from the back. A core that copies waits
// for memory most of the time, so two are nearly twice as fast (measured, 1 MiB: 124 us alone, 66
// us together); and a sender that computes is not needed.
namespace prun::transport::shm {

// An offer in the ring: the header of a data frame, then where the payload is: address, slot, turn.
inline constexpr std::size_t data_header_bytes = 16;
inline constexpr std::size_t offer_bytes = data_header_bytes + 12;

inline constexpr std::size_t copy_slots = 8;  // copies that a sender may have offered at once

// How a payload is cut: few pieces where it is short, because each costs a system call of more than
// a microsecond; more where it is long, so that both ends are through at about the same time.
class CopyPieces {
 public:
  explicit CopyPieces(std::size_t bytes)
      : bytes_(bytes),
        piece_(round_up(bytes / (bytes <= (128u << 10)   ? 2
                                 : bytes <= (512u << 10) ? 4
                                                         : 8))) {}

  std::uint32_t count() const { return static_cast<std::uint32_t>((bytes_ + piece_ - 1) / piece_); }
  std::size_t begin(std::uint32_t piece) const { return piece * piece_; }
  std::size_t bytes(std::uint32_t piece) const { return std::min(piece_, bytes_ - begin(piece)); }

 private:
  static std::size_t round_up(std::size_t bytes) {
    return std::max<std::size_t>((bytes + 4095) / 4096, 1) * 4096;
  }

  std::size_t bytes_;
  std::size_t piece_;
};

// Another process of this host, as far as its memory can be reached.
class Neighbour {
 public:
  // Looks for the token that the rank of that page says it holds: the number of a process of
  // another namespace, or an address that an emulator has moved, is found out this way.
  static std::optional<Neighbour> find(std::byte* page);

  core::Status read(std::span<std::byte> into, std::uint64_t from) const;
  core::Status write(std::span<const std::byte> from, std::uint64_t to) const;

 private:
  explicit Neighbour(pid_t process) : process_(process) {}
  pid_t process_;
};

// The state of one copy, in the page of a pair: who has claimed which pieces. A plain view.
//
// The sender posts it. The receiver takes it, says where the payload goes (opens it), and finishes
// it; or finds that it was withdrawn, and finishes it unread. While it is open each side claims
// pieces, copies them, and counts them.
class CopySlot {
 public:
  enum class Phase : std::uint8_t {
    idle = 0,
    posted = 1,
    taken = 2,
    open = 3,
    finished = 4,
    withdrawn = 5,
    closed = 6,  // by the receiver: nothing more is claimed, but what is claimed is still copied
  };

  CopySlot(std::byte* pair, std::size_t index)
      : at_(pair + pair_page::copies + index * line_bytes) {}

  // Sender. `turn` tells the uses of a slot apart.
  void post(std::uint8_t turn);
  bool withdraw(std::uint8_t turn);

  // Receiver. take: what it was before; only a posted one is taken.
  Phase take(std::uint8_t turn);
  void open(std::uint8_t turn, std::uint64_t place);
  // No piece can be claimed any more; the answer is how many the sender has claimed. It counts them
  // here, so the slot is not its own again before finish.
  std::uint32_t close(std::uint8_t turn);
  void finish(std::uint8_t turn);

  // Both. The index of a piece that is now the caller's to copy, or nothing when all are claimed.
  std::optional<std::uint32_t> claim_front(std::uint8_t turn, std::uint32_t pieces);
  std::optional<std::uint32_t> claim_back(std::uint8_t turn, std::uint32_t pieces);
  void count_read() { add(read_at); }
  void count_written() { add(written_at); }
  // The sender cannot write after all: the receiver fetches what it has claimed.
  void give_up_writing() { word(at_ + written_at).fetch_or(gave_up, std::memory_order_release); }
  std::uint64_t place() const { return load_wide(at_ + place_at); }

  Phase phase(std::uint8_t turn) const;
  bool unclaimed(std::uint8_t turn, std::uint32_t pieces) const;
  // Every piece was claimed, and copied by who claimed it.
  bool settled(std::uint8_t turn, std::uint32_t pieces) const;
  // What the sender has come to with the pieces it claimed.
  enum class Written : std::uint8_t { not_yet, all, gave_up };
  Written written(std::uint32_t claimed) const;

 private:
  static constexpr std::size_t claim_at = 0;
  static constexpr std::size_t read_at = 4;
  static constexpr std::size_t written_at = 8;
  static constexpr std::size_t place_at = 16;
  static constexpr std::uint32_t gave_up = 1u << 31;

  struct Claim {
    std::uint8_t turn = 0;
    Phase phase = Phase::idle;
    std::uint8_t back = 0;
    std::uint8_t front = 0;
  };
  static std::uint32_t pack(const Claim& claim);
  static Claim unpack(std::uint32_t value);

  Claim load() const;
  bool replace(const Claim& old, const Claim& fresh);
  void add(std::size_t counter) { word(at_ + counter).fetch_add(1, std::memory_order_release); }

  std::byte* at_;
};

}  // namespace prun::transport::shm
