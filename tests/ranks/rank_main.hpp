#pragma once

#include <prun/prun.hpp>

namespace prun::test {

Environment& environment();

// All ranks of the test program.
Communicator& world();

}  // namespace prun::test
