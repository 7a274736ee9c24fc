#include <prun/error.hpp>

namespace prun {

const char* to_string(Errc code) noexcept {
  switch (code) {
    case Errc::invalid_argument:
      return "invalid_argument";
    case Errc::type_mismatch:
      return "type_mismatch";
    case Errc::truncated:
      return "truncated";
    case Errc::timed_out:
      return "timed_out";
    case Errc::cancelled:
      return "cancelled";
    case Errc::peer_lost:
      return "peer_lost";
    case Errc::peer_finished:
      return "peer_finished";
    case Errc::bad_data:
      return "bad_data";
    case Errc::resource:
      return "resource";
    case Errc::not_prun:
      return "not_prun";
  }
  return "unknown";
}

}  // namespace prun
