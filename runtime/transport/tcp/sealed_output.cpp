#include "runtime/transport/tcp/sealed_output.hpp"

#include <algorithm>
#include <cstring>

#include "runtime/core/assert.hpp"

namespace prun::transport {

SealedOutput::Batch SealedOutput::seal(std::span<const iovec> pieces, std::size_t at) {
  PRUN_ASSERT(!waits());
  Batch batch;
  std::size_t end = 0;   // of the records in scratch_
  std::size_t text = 0;  // of the one that is being made
  const auto finish = [&] {
    if (text == 0) return;
    const std::size_t size = text + security::record_extra_bytes;
    cipher_.seal(scratch_.subspan(end, size));
    end += size;
    batch.text_bytes += text;
    text = 0;
  };
  for (const iovec& piece : pieces) {
    if (at >= piece.iov_len) {
      at -= piece.iov_len;
      continue;
    }
    const auto* from = static_cast<const std::byte*>(piece.iov_base) + at;
    std::size_t left = piece.iov_len - at;
    at = 0;
    while (left > 0 && batch.text_bytes + text < batch_text_bytes) {
      const std::size_t count = std::min(left, security::max_record_text_bytes - text);
      std::memcpy(scratch_.data() + end + security::record_length_bytes + text, from, count);
      from += count;
      left -= count;
      text += count;
      if (text == security::max_record_text_bytes) finish();
    }
  }
  finish();
  batch.records = scratch_.first(end);
  return batch;
}

void SealedOutput::keep(std::span<const std::byte> rest) {
  waiting_.assign(rest.begin(), rest.end());
  written_ = 0;
}

void SealedOutput::written(std::size_t count) {
  written_ += count;
  if (waits()) return;
  waiting_ = {};
  written_ = 0;
}

}  // namespace prun::transport
