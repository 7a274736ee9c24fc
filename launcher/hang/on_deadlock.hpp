#pragma once

#include <cstdint>

namespace prun::hang {

// What follows when the ranks of a job wait for each other for ever.
enum class OnDeadlock : std::uint8_t { end, report, ignore };

}  // namespace prun::hang
