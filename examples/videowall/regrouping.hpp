#pragma once

#include <optional>

#include <prun/prun.hpp>

namespace wall {

// Whether the other is lost, or has come to Environment::restore(), or has left in good order: what
// was to be sent to it or come from it is not.
bool is_gone(const prun::Error& error);
// Whether a member is lost for good. One that is gone without that waits in restore() for this rank.
bool is_lost(const prun::Communicator& comm, int rank);

// For ranks that have nothing to show yet and need rank 0 for it: started again, or without rank 0
// before they played. Returns when all that are there have come together and rank 0 is among them.
// Those that play without rank 0 come when it is back. Nothing where nobody plays and rank 0 is not
// about to be started again, or where all others have finished.
std::optional<prun::Communicator> find_conductor(prun::Environment& env);

}  // namespace wall
