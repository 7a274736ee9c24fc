#pragma once

#include "launcher/system/descriptor.hpp"
#include "runtime/core/result.hpp"

namespace prun::ssh {

// A pipe for each standard descriptor of a program that somebody starts for us: its ends, to hand over
// and close, and ours. All of them are closed when a program is executed.
struct StandardPipes {
  struct Ends {
    system::Descriptor in;   // the program reads from it
    system::Descriptor out;  // and writes to these two
    system::Descriptor err;
  };
  Ends theirs;
  Ends ours;

  static core::Result<StandardPipes> make();
};

}  // namespace prun::ssh
