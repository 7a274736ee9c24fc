#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "runtime/core/result.hpp"
#include "runtime/security/handshake.hpp"

// The bytes of a connection after its handshake, encrypted: each direction is a sequence of records,
//
//   u16 length of the text, the text encrypted, a tag of 16 bytes over both
//
// by ChaCha20-Poly1305 (libsodium's crypto_aead_chacha20poly1305_ietf) with a key of its own for each
// direction, made of the job key and of both nonces of the handshake. The number of the record is the
// nonce, so one that is repeated, left out, moved or played back into the other direction does not
// open. The key changes every records_of_a_key records. docs/wire_format.md has the bytes.
//
// Why this cipher: boards before the Raspberry Pi 5 have no AES in hardware, and libsodium's
// needs it. Where there is one (x86-64) AES-256-GCM takes 13 us for 16 KiB and this one 17, so a
// choice between two would bring little; secretstream costs 0.2 us more for each small message.
//
// Plain objects of one thread, without input and output. They wipe their keys.
namespace prun::security {

// The longest text: a header and 16 KiB. What one record holds has to be here before any of it is
// believed.
inline constexpr std::size_t max_record_text_bytes = (16u << 10) + 64;
inline constexpr std::size_t record_length_bytes = 2;
inline constexpr std::size_t record_tag_bytes = 16;
inline constexpr std::size_t record_extra_bytes = record_length_bytes + record_tag_bytes;
inline constexpr std::size_t max_record_bytes = max_record_text_bytes + record_extra_bytes;
// The cipher could go on for 2^64; what is captured of a process later tells nothing of what went
// before the last change.
inline constexpr std::uint64_t records_of_a_key = 1u << 16;

// The keys of one connection as one of its ends has them.
struct RecordKeys {
  Key outgoing{};
  Key incoming{};
};

// Of a handshake that went through.
RecordKeys connector_keys(const Key& job_key, const Hello& hello, const Challenge& challenge);
RecordKeys acceptor_keys(const Key& job_key, const Hello& hello, const Challenge& challenge);

// The state of one direction: which record is next, and under which key.
class RecordCipher {
 public:
  explicit RecordCipher(const Key& key) : key_(key) {}
  ~RecordCipher();
  RecordCipher(const RecordCipher&) = delete;
  RecordCipher& operator=(const RecordCipher&) = delete;

  // `record` is the whole of it, with the text in its place: encrypts it and fills in the rest.
  void seal(std::span<std::byte> record);
  // Decrypts a whole record in place. False: it is not the next one of its sender, and nothing of it
  // may be believed.
  bool open(std::span<std::byte> record);

 private:
  void next();

  Key key_;
  std::uint64_t number_ = 0;
};

// Everything as records, for those who need no buffer of their own.
void seal_all(RecordCipher& cipher, std::span<const std::byte> text, std::vector<std::byte>& out);

// Finds the records in a stream as it is read, and opens them. Holds at most one that is not whole.
class RecordReader {
 public:
  explicit RecordReader(const Key& key) : cipher_(key) {}

  // The next bytes of the stream; they are overwritten. Each text is handed to sink(std::span<const
  // std::byte>), which answers whether it wants more. A failure: the stream was tampered with.
  template <class Sink>
  core::Status take(std::span<std::byte> bytes, const Sink& sink) {
    while (!bytes.empty()) {
      auto record = next(bytes);
      if (!record) return record.failure();
      if (record.value().empty()) return core::Done{};
      if (!sink(record.value())) return core::Done{};
    }
    return core::Done{};
  }

  // The stream stands between two records.
  bool whole() const { return partial_.empty(); }

 private:
  // The text of the first record in `bytes`, which it takes off them; empty if more must come first.
  core::Result<std::span<const std::byte>> next(std::span<std::byte>& bytes);
  core::Result<std::span<const std::byte>> open(std::span<std::byte> record);

  RecordCipher cipher_;
  std::vector<std::byte> partial_;
  std::vector<std::byte> opened_;  // what was partial, until the next call
};

}  // namespace prun::security
