#pragma once

namespace prun::cli {

// Exit statuses of prun that are not a rank's own. A rank ended by signal N gives 128+N.
inline constexpr int exit_rank_unfinished =
    1;  // a rank exited with 0 and had not finished with the library
inline constexpr int exit_deadlock = 123;    // the ranks wait for each other: --on-deadlock
inline constexpr int exit_time_limit = 124;  // --timeout
inline constexpr int exit_own_failure =
    125;  // prun could not do it: bad command line, no login, lost host
inline constexpr int exit_not_executable = 126;
inline constexpr int exit_not_found = 127;

}  // namespace prun::cli
