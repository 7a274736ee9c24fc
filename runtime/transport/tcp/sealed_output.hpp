#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <span>
#include <vector>

#include "runtime/security/records.hpp"

namespace prun::transport {

// The writing end of an encrypted connection: makes records of what is to be written. A record cannot
// be taken back once it is made, so what the socket does not take of one is kept here, at most one
// batch. Owned by the TcpConnection; one thread.
class SealedOutput {
 public:
  // Records that are made for one write: enough that a fast link needs a system call for each 64 KiB
  // only. Where the socket pushes back segments are shorter than a record, and there is one for each.
  static constexpr std::size_t batch_text_bytes = 4 * security::max_record_text_bytes;
  static constexpr std::size_t batch_bytes = 4 * security::max_record_bytes;

  // `scratch` has batch_bytes; nothing stays there between calls, so connections share it.
  SealedOutput(const security::Key& key, std::span<std::byte> scratch)
      : cipher_(key), scratch_(scratch) {}

  struct Batch {
    std::span<const std::byte> records;
    std::size_t text_bytes = 0;
  };
  // Records of the text in the pieces from `at` on, as far as the batch goes. Not while something
  // waits.
  Batch seal(std::span<const iovec> pieces, std::size_t at);

  // What the socket has not taken yet.
  std::span<const std::byte> waiting() const {
    return std::span<const std::byte>(waiting_).subspan(written_);
  }
  bool waits() const { return written_ < waiting_.size(); }
  void keep(std::span<const std::byte> rest);
  void written(std::size_t count);

 private:
  security::RecordCipher cipher_;
  std::span<std::byte> scratch_;
  std::vector<std::byte> waiting_;
  std::size_t written_ = 0;  // of waiting_
};

}  // namespace prun::transport
