#include "runtime/security/records.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/core/assert.hpp"
#include "runtime/wire/codec.hpp"

namespace prun::security {
namespace {

static_assert(record_tag_bytes == crypto_aead_chacha20poly1305_ietf_ABYTES);
static_assert(sizeof(Key) == crypto_aead_chacha20poly1305_ietf_KEYBYTES);

unsigned char* raw(std::byte* bytes) {
  return reinterpret_cast<unsigned char*>(bytes);
}
const unsigned char* raw(const std::byte* bytes) {
  return reinterpret_cast<const unsigned char*>(bytes);
}

// 4 bytes of zero, then the number of the record.
std::array<std::byte, crypto_aead_chacha20poly1305_ietf_NPUBBYTES> nonce_of(std::uint64_t number) {
  std::array<std::byte, crypto_aead_chacha20poly1305_ietf_NPUBBYTES> nonce{};
  wire::store_little(nonce.data() + 4, number);
  return nonce;
}

core::Failure tampered() {
  return {Errc::bad_data,
          "sent encrypted bytes that do not open: on the way somebody has changed, repeated, left "
          "out or put in some"};
}

}  // namespace

RecordCipher::~RecordCipher() {
  sodium_memzero(key_.data(), key_.size());
}

void RecordCipher::next() {
  if (++number_ % records_of_a_key == 0) key_ = derive_key(key_, "prun next key");
}

void RecordCipher::seal(std::span<std::byte> record) {
  PRUN_ASSERT(record.size() > record_extra_bytes && record.size() <= max_record_bytes);
  const std::size_t length = record.size() - record_extra_bytes;
  wire::store_little(record.data(), static_cast<std::uint16_t>(length));
  std::byte* text = record.data() + record_length_bytes;
  const auto nonce = nonce_of(number_);
  crypto_aead_chacha20poly1305_ietf_encrypt_detached(
      raw(text), raw(text + length), nullptr, raw(text), length, raw(record.data()),
      record_length_bytes, nullptr, raw(nonce.data()), raw(key_.data()));
  next();
}

bool RecordCipher::open(std::span<std::byte> record) {
  if (record.size() <= record_extra_bytes || record.size() > max_record_bytes) return false;
  const std::size_t length = record.size() - record_extra_bytes;
  std::byte* text = record.data() + record_length_bytes;
  const auto nonce = nonce_of(number_);
  if (crypto_aead_chacha20poly1305_ietf_decrypt_detached(
          raw(text), nullptr, raw(text), length, raw(text + length), raw(record.data()),
          record_length_bytes, raw(nonce.data()), raw(key_.data())) != 0) {
    return false;
  }
  next();
  return true;
}

void seal_all(RecordCipher& cipher, std::span<const std::byte> text, std::vector<std::byte>& out) {
  while (!text.empty()) {
    const auto part = text.first(std::min(text.size(), max_record_text_bytes));
    const std::size_t at = out.size();
    out.resize(at + part.size() + record_extra_bytes);
    const auto record = std::span(out).subspan(at);
    std::copy(part.begin(), part.end(), record.begin() + record_length_bytes);
    cipher.seal(record);
    text = text.subspan(part.size());
  }
}

core::Result<std::span<const std::byte>> RecordReader::open(std::span<std::byte> record) {
  if (!cipher_.open(record)) return tampered();
  return std::span<const std::byte>(
      record.subspan(record_length_bytes, record.size() - record_extra_bytes));
}

core::Result<std::span<const std::byte>> RecordReader::next(std::span<std::byte>& bytes) {
  // Of a record that began in an earlier read, first its length, then as much as it has.
  const auto fill = [&](std::size_t wanted) {
    const std::size_t count = std::min(bytes.size(), wanted - partial_.size());
    partial_.insert(partial_.end(), bytes.begin(),
                    bytes.begin() + static_cast<std::ptrdiff_t>(count));
    bytes = bytes.subspan(count);
    return partial_.size() == wanted;
  };
  const bool begun = !partial_.empty();
  if ((begun || bytes.size() < record_length_bytes) && partial_.size() < record_length_bytes &&
      !fill(record_length_bytes)) {
    return std::span<const std::byte>();
  }
  const std::byte* head = partial_.empty() ? bytes.data() : partial_.data();
  const std::size_t length = wire::load_little<std::uint16_t>(head);
  if (length == 0 || length > max_record_text_bytes) return tampered();
  const std::size_t size = length + record_extra_bytes;
  if (partial_.empty() && bytes.size() >= size) {
    const auto record = bytes.first(size);
    bytes = bytes.subspan(size);
    return open(record);
  }
  partial_.reserve(size);
  if (!fill(size)) return std::span<const std::byte>();
  opened_ = std::exchange(partial_, {});
  return open(opened_);
}

RecordKeys connector_keys(const Key& job_key, const Hello& hello, const Challenge& challenge) {
  return {record_key(job_key, "prun connector's records", hello, challenge),
          record_key(job_key, "prun acceptor's records", hello, challenge)};
}

RecordKeys acceptor_keys(const Key& job_key, const Hello& hello, const Challenge& challenge) {
  const RecordKeys theirs = connector_keys(job_key, hello, challenge);
  return {theirs.incoming, theirs.outgoing};
}

}  // namespace prun::security
