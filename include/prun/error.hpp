#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace prun {

// What went wrong, by what the caller can do about it.
enum class Errc : std::uint8_t {
  invalid_argument =
      1,          // the call itself is wrong: rank out of range, negative tag, request waited twice
  type_mismatch,  // the message holds another element type than the receive asked for
  truncated,      // the message is longer than the buffer, or of another length than it must be
  timed_out,      // the deadline given to the wait passed
  cancelled,      // the request was cancelled
  peer_lost,      // the other rank died, or its connection broke
  peer_finished,  // the other rank has left the job in good order and will never answer
  bad_data,       // a peer's bytes could not be understood
  resource,       // the system refused: descriptors, memory, sockets
  not_prun,       // started by another launcher, or joined in a way that cannot work
};

// The name of an error code, as written in documentation: "type_mismatch".
const char* to_string(Errc code) noexcept;

// Every failure the library reports. what() is a whole sentence for a person: own rank, operation,
// peer rank and host where there is one, the cause, and what to do. The accessors serve programs
// that go on.
class Error : public std::runtime_error {
 public:
  Error(Errc code, const std::string& text, std::int32_t peer = -1)
      : std::runtime_error(text), code_(code), peer_(peer) {}
  Error(Errc code, const std::string& text, std::int32_t peer, std::vector<int> ranks)
      : std::runtime_error(text),
        code_(code),
        peer_(peer),
        ranks_(std::make_shared<const std::vector<int>>(std::move(ranks))) {}

  Errc code() const noexcept { return code_; }

  // World rank of the peer concerned, or -1 where no one peer is.
  std::int32_t peer() const noexcept { return peer_; }

  // Of peer_lost: the lost ranks of the communicator that the call was made on, as numbers there.
  // The one that the call needed comes first, the others in order.
  std::vector<int> ranks() const { return ranks_ ? *ranks_ : std::vector<int>(); }

 private:
  Errc code_;
  std::int32_t peer_;
  std::shared_ptr<const std::vector<int>> ranks_;  // shared: copying an exception must not throw
};

}  // namespace prun
