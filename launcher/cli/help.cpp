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
  prun -n 1 ./master : -n 3 ./worker          two programs in one job

Where and how many
  -H LIST             hosts, by commas: rpi1  pi@rpi2:4 (4 ranks)  rpi[1-4]
                      ssh://pi@rpi1:2222 (port)  [fe80::1%eth0] (IPv6)
  --hostfile FILE     hosts, one a line: rpi1  rpi1:4  rpi1 slots=4 user=pi
  -n N                how many ranks (default: one for each host named)
  -N N                how many on each host; --pernode is -N 1
  --map-by node       deal ranks to hosts in turn (slot: fill each host first)
  --nolocal           not on this computer     --bind-to core   one core each
  --skip-dead         go on without hosts that do not answer; --min-hosts N
  --wait-hosts S      keep trying for S seconds, for boards that are booting

What they get
  -x NAME[=VALUE]     an environment variable (-genv for all programs)
  --wdir DIR          start in DIR (default: the folder you are in)
  --stdin WHO         input for a rank (default 0), all, none; --tty: a terminal

What you see
  -l, --label         [rank@host] before every line
  --output-dir DIR    a file for each rank as well; --output-from 0: only rank 0
  --sort              all of rank 0 first, then all of rank 1 ..., at the end
  --dry-run           only show which rank would run where
  -v, --timing, -q    each step; times at the end; only what ranks print
  --tune              no PROGRAM: measures links, and collectives as predicted

When to give up
  --timeout S         end after S seconds; --hang-after S: tell who waits
  --on-deadlock WHAT  where all wait for each other: end (123), report, ignore
  --on-failure=continue  outlive lost ranks; --restart N: start them again

SSH (keys must be in place: prun never asks for a password) and network
  --user NAME         log in as NAME where a host is named without one
  --stage FILE        a file that goes along to the hosts, as PROGRAM does
  --map ARCH=FILE     PROGRAM for processors of one kind; the same: ./prime.%a
  --stage=off|always  send no program; send it also where it is already
  --ssh-args ARGS     more arguments for ssh ("-p 2222"); --no-persist
  --iface NAME|NET    ranks' network: eth1, 10.0.0.0/24; --ports 5000-5100
  --compress MODE     large messages: auto, off, lz4    --encrypt  all messages

Before the first job, and when something is wrong
  prun doctor -H ...  examines hosts and links, and says how to repair them
  prun keys -H ...    sets up logins without a password, as one does by hand
  prun hosts [--close]  the ssh connections that are kept; ends them

Defaults stand in ~/.config/prun/prun.conf and PRUN_OPTIONS: --show-config
  -h, --help   -V, --version   man prun: everything

Exit status: of the first rank to fail, 128+N if signal N ended it; 123 if all
wait for each other, 125 if prun itself could not do it, 126, 127: no PROGRAM.
Options end at PROGRAM. Spellings of mpiexec and mpirun are understood too.
)";
}

std::string version_text() {
  return "prun " PRUN_VERSION_STRING
         " (message-passing runtime and launcher)\n"
         "This is not the prun of PRRTE and Open MPI, another program of the same name.\n";
}

}  // namespace prun::cli
