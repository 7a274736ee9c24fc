#include "launcher/cli/help.hpp"

#include <prun/version.hpp>

namespace prun::cli {

std::string help_text() {
  return R"(Usage: prun [options] PROGRAM [arguments of PROGRAM]

Starts PROGRAM several times at once, here or on other computers over SSH, and
shows what they print. Each running copy is a rank: 0, 1, 2 ...

  prun -n 4 ./hello                           4 ranks on this computer
  prun -H rpi1,rpi2,rpi3,rpi4 ./prime 100000  one rank on each of four
  prun -H rpi[1-4]:2 ./prime 100000           two on each
  prun --hostfile hosts -n 8 python3 work.py  8 ranks over the hosts of a file

Where and how many
  -H LIST             hosts, by commas: rpi1  pi@rpi2:4 (4 ranks)  rpi[1-4]
                      ssh://pi@rpi1:2222 (port)  [fe80::1%eth0] (IPv6)
  --hostfile FILE     hosts, one a line: rpi1  rpi1:4  rpi1 slots=4 user=pi
  -n N                how many ranks (default: one for each host named)
  -N N                how many on each host; --pernode is -N 1

What they get
  -x NAME[=VALUE]     an environment variable (also -genv NAME VALUE)
  --wdir DIR          start in DIR (default: the folder you are in)
  Standard input goes to rank 0.

How data travels between hosts
  --compress MODE     large messages: auto (default: where it is faster), off,
                      lz4 (always)

What you see
  -l, --label         [rank@host] before every line
  -v, -q              tell more, tell less

When to give up
  --timeout S         end the job after S seconds (exit status 124)
  --start-timeout S   seconds for each step of starting (default: 15)

SSH (keys must be in place: prun never asks for a password)
  --stage FILE        a file that goes along to the hosts, as PROGRAM does
  --stage=off|always  send no program; send it also where it is already
  --no-persist        keep no ssh connections for the next run (PRUN_PERSIST=no)
  --ssh-args ARGS     more arguments for ssh: --ssh-args "-p 2222"
  --launcher-exec CMD another program in place of ssh

  -h, --help   -V, --version

Exit status: that of the first rank to fail, 128+N if signal N ended it; 125 if
prun itself could not do it, 126 or 127 if PROGRAM cannot be run or found.
Options end at PROGRAM. Spellings of mpiexec and mpirun are understood too.
)";
}

std::string version_text() {
  return "prun " PRUN_VERSION_STRING
         " (message-passing runtime and launcher)\n"
         "This is not the prun of PRRTE and Open MPI, another program of the same name.\n";
}

}  // namespace prun::cli
