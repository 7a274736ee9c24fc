#pragma once

#include <prun/prun.hpp>

namespace prun::test {

// All ranks of the test program.
Communicator& world();

}  // namespace prun::test
