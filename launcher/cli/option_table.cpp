#include "launcher/cli/option_table.hpp"

#include <algorithm>

namespace prun::cli {
namespace {

constexpr Option table[] = {
    {"--hosts", Topic::places, Reach::program, ValueKind::hosts, "-H LIST", "rpi1,rpi2", "",
     "Hosts to run on, by commas: rpi1, pi@rpi2:4 (4 ranks there), rpi[1-4], ssh://pi@rpi1:2222 (a "
     "port), [fe80::1%eth0] (an IPv6 address). Without hosts ranks run on this computer."},
    {"--hostfile", Topic::places, Reach::program, ValueKind::file, "--hostfile FILE", "hosts", "",
     "Hosts of a file, one a line: rpi1, rpi1:4, rpi1 slots=4 user=pi port=2222."},
    {"--ranks", Topic::places, Reach::program, ValueKind::number, "-n N", "4", "",
     "How many ranks. Without it: one for each place that the hosts have, and one where no host is "
     "named."},
    {"--per-host", Topic::places, Reach::program, ValueKind::number, "-N N", "4", "",
     "How many ranks on each host, whatever places it has. --pernode is -N 1."},
    {"--ppr", Topic::places, Reach::program, ValueKind::text, "--ppr N:node", "2:node", "",
     "The same as -N N."},
    {"--app", Topic::places, Reach::job, ValueKind::file, "--app FILE", "programs", "",
     "The programs of the job from a file: a line for each, as it would stand between colons."},
    {"--map-by", Topic::places, Reach::job, ValueKind::words, "--map-by ORDER", "node",
     "slot node ppr:1:node",
     "The order in which places are taken: slot fills a host before the "
     "next (as without the option), node deals one rank to each host in turn, ppr:N:node is -N N. "
     "May be followed by :nolocal, :oversubscribe or :nooversubscribe."},
    {"--rank-by", Topic::places, Reach::job, ValueKind::words, "--rank-by ORDER", "slot",
     "slot node", "Accepted as slot. Ranks are numbered as they are placed; --map-by says how."},
    {"--nolocal", Topic::places, Reach::job, ValueKind::none, "--nolocal", "", "",
     "Leaves this computer out, though it be in the list of hosts."},
    {"--oversubscribe", Topic::places, Reach::job, ValueKind::none, "--oversubscribe", "", "",
     "More ranks than cores on a host are fine and not worth the note that prun writes otherwise."},
    {"--nooversubscribe", Topic::places, Reach::job, ValueKind::none, "--nooversubscribe", "", "",
     "Refuses more ranks on a host than places it was named with."},
    {"--bind-to", Topic::places, Reach::job, ValueKind::words, "--bind-to WHAT", "none",
     "none core",
     "none leaves ranks free to use every core (as without the option); core gives "
     "each rank of a host a core of its own, round again where there are more ranks."},

    {"--min-hosts", Topic::places, Reach::job, ValueKind::number, "--min-hosts N", "3", "",
     "Begins as soon as all hosts have answered or failed, with those that answered if they are N "
     "or more. Ranks are placed on these; without -n there are fewer of them."},
    {"--skip-dead", Topic::places, Reach::job, ValueKind::none, "--skip-dead", "", "",
     "Begins with the hosts that answer, however few. The same as --min-hosts 1."},
    {"--wait-hosts", Topic::places, Reach::job, ValueKind::number, "--wait-hosts S", "60s", "",
     "Keeps trying for S seconds to reach hosts that do not answer yet, such as boards that boot."},

    {"--variable", Topic::supply, Reach::program, ValueKind::text, "-x NAME[=VALUE]", "NAME=VALUE",
     "",
     "An environment variable for the program: this value, or the one it has here. -env NAME "
     "VALUE is the same."},
    {"--variable-of-all", Topic::supply, Reach::job, ValueKind::text, "-genv NAME VALUE",
     "NAME VALUE", "", "The same for all programs of the job. An -x of a program comes first."},
    {"--variables", Topic::supply, Reach::program, ValueKind::text, "-envlist NAME,NAME",
     "PATH,LANG", "", "Passes on these variables of prun's own environment, and no others but -x."},
    {"--variables-of-all", Topic::supply, Reach::job, ValueKind::text, "-genvlist NAME,NAME",
     "PATH,LANG", "", "The same for all programs of the job."},
    {"--forward", Topic::supply, Reach::program, ValueKind::words, "-envall, -envnone", "all", "",
     "Passes on all of the user's variables (as without the option), or none but -x."},
    {"--forward-of-all", Topic::supply, Reach::job, ValueKind::words, "-genvall, -genvnone", "all",
     "", "The same for all programs of the job."},
    {"--unset-env", Topic::supply, Reach::program, ValueKind::text, "--unset-env NAME", "DISPLAY",
     "", "Takes a variable away, also one that the host itself has set."},
    {"--wdir", Topic::supply, Reach::program, ValueKind::folder, "--wdir DIR", "/home/pi/work", "",
     "Start in DIR, which must be there. Without it: in the folder prun was started in, or in the "
     "home folder, with a note, on hosts that do not have it."},
    {"--path", Topic::supply, Reach::program, ValueKind::folder, "--path DIR", "/opt/work/bin", "",
     "Folders, by colons, in which a program named without a slash is looked for before PATH."},
    {"--map", Topic::supply, Reach::program, ValueKind::text, "--map ARCH=FILE",
     "aarch64=./prime-arm64", "",
     "On hosts with this processor FILE runs in place of PROGRAM; may be given several times. ARCH "
     "is x86_64, aarch64, armhf, armv6, i686 or riscv64, or another name of one, such as arm64. "
     "Without it, %a in PROGRAM stands for the processor: ./prime.%a is ./prime.aarch64 on one "
     "host and ./prime.x86_64 on another."},
    {"--stage", Topic::supply, Reach::job, ValueKind::file, "--stage WHAT", "words.txt", "",
     "Files, by commas, that are sent along to the hosts, where the ranks then run in a folder "
     "with "
     "them. Programs are sent without being asked for where a host has them not: off sends none, "
     "always sends them also where they are already, auto is as without the option. A file of such "
     "a name is written ./auto. `prun cache --clear -H LIST` empties what hosts keep of them."},
    {"--stdin", Topic::supply, Reach::job, ValueKind::words, "--stdin WHO", "0", "0 all none",
     "Who gets standard input: the number of a rank (0 without the option), all, or none. What the "
     "rank "
     "does not read is left to the next program; from a terminal a line is taken when the rank "
     "waits "
     "for one."},
    {"--tty", Topic::supply, Reach::job, ValueKind::none, "--tty", "", "",
     "Gives rank 0, or the one of --stdin, a terminal of its own, for editors, shells and progress "
     "bars. Its size follows yours; keys, Ctrl-C too, go to that rank."},

    {"--label", Topic::display, Reach::job, ValueKind::none, "-l, --label", "", "",
     "Writes [rank@host] before every line of the ranks."},
    {"--prepend-pattern", Topic::display, Reach::job, ValueKind::text, "--prepend-pattern PATTERN",
     "'%r: '", "",
     "Writes this before every line: %r is the rank, %h its host, %p the number of the "
     "host, %t the time, %% a percent sign."},
    {"--timestamp-output", Topic::display, Reach::job, ValueKind::none, "--timestamp-output", "",
     "", "Writes the time of day before every line, as prun received it."},
    {"--output", Topic::display, Reach::job, ValueKind::words, "--output WORDS", "tag,timestamp",
     "tag timestamp merge raw dir= file=",
     "Open MPI's form of these: tag, timestamp, merge, raw, "
     "dir=DIR, file=NAME (NAME.RANK.out and NAME.RANK.err), by commas; behind a colon nocopy: to "
     "the files only."},
    {"--output-from", Topic::display, Reach::job, ValueKind::text, "--output-from RANKS", "0", "",
     "Shows only what these ranks print: 0, or 0,2-5."},
    {"--output-dir", Topic::display, Reach::job, ValueKind::folder, "--output-dir DIR", "out", "",
     "Writes what each rank prints to DIR/rank.N.out and DIR/rank.N.err, and shows it too."},
    {"--outfile-pattern", Topic::display, Reach::job, ValueKind::file, "-outfile-pattern FILE",
     "out.%r", "",
     "Writes standard output of the ranks to files, and does not show it; marks as in "
     "--prepend-pattern."},
    {"--errfile-pattern", Topic::display, Reach::job, ValueKind::file, "-errfile-pattern FILE",
     "err.%r", "", "The same for standard error."},
    {"--merge", Topic::display, Reach::job, ValueKind::none, "--merge", "", "",
     "Writes the ranks' standard error to standard output."},
    {"--raw", Topic::display, Reach::job, ValueKind::none, "--raw", "", "",
     "Shows bytes as they come, without waiting for the end of a line and without labels."},
    {"--sort", Topic::display, Reach::job, ValueKind::none, "--sort", "", "",
     "Shows what the ranks print when the job has ended, all of rank 0 first, then all of rank 1, "
     "and "
     "so on; for each its standard output before its standard error. Until then it is kept in "
     "temporary files (TMPDIR)."},
    {"--stream-buffering", Topic::display, Reach::job, ValueKind::words, "--stream-buffering N",
     "0", "0 1 2", "0 is --raw; 1 and 2 are as without the option: whole lines."},
    {"--print-all-exitcodes", Topic::display, Reach::job, ValueKind::none, "--print-all-exitcodes",
     "", "", "Tells at the end how each rank has ended."},
    {"--report-pid", Topic::display, Reach::job, ValueKind::file, "--report-pid FILE", "job.pid",
     "", "Writes prun's process id to FILE; - is standard output, + standard error."},
    {"--dry-run", Topic::display, Reach::job, ValueKind::none, "--dry-run", "", "",
     "Shows which rank would run where, logs in nowhere and starts nothing."},
    {"--show-plan", Topic::display, Reach::job, ValueKind::none, "--show-plan", "", "",
     "Shows the same on standard error, and then runs the job."},
    {"--display", Topic::display, Reach::job, ValueKind::words, "--display map", "map",
     "map allocation", "The same as --show-plan."},
    {"--timing", Topic::display, Reach::job, ValueKind::none, "--timing", "", "",
     "Tells at the end how long each host took for each part of the run."},
    {"--verbose", Topic::display, Reach::job, ValueKind::none, "-v, --verbose", "", "",
     "Tells each step and when it was taken."},
    {"--quiet", Topic::display, Reach::job, ValueKind::none, "-q, --quiet", "", "",
     "Shows nothing but what the ranks print; the exit status tells how they ended. What prun "
     "itself "
     "could not do is still told."},
    {"--tune", Topic::display, Reach::job, ValueKind::none, "--tune", "", "",
     "Takes no PROGRAM: measures the links between the hosts and their ranks, and shows how long "
     "collectives should take, and do."},

    {"--json", Topic::display, Reach::job, ValueKind::none, "--json", "", "",
     "Of prun doctor: prints what was found out as JSON."},
    {"--no-links", Topic::display, Reach::job, ValueKind::none, "--no-links", "", "",
     "Of prun doctor: does not measure the links between the hosts."},

    {"--on-failure", Topic::limits, Reach::job, ValueKind::words, "--on-failure WHAT", "end",
     "end continue",
     "What happens when a rank dies or a host is lost: end ends the job (as without the option); "
     "continue tells the other ranks and lets them go on. Exit status 0 then means that rank 0 and "
     "all that were not lost have ended well."},
    {"--restart", Topic::limits, Reach::job, ValueKind::number, "--restart N", "3", "",
     "Starts a lost rank again, each N times at most: at once where its host lives, otherwise when "
     "the host is back, which prun tries now and then. Implies --on-failure=continue. Ranks "
     "started again have no standard input."},
    {"--timeout", Topic::limits, Reach::job, ValueKind::number, "--timeout S", "60", "",
     "Ends the job after S seconds, with exit status 124."},
    {"--report-on-timeout", Topic::limits, Reach::job, ValueKind::none, "--report-on-timeout", "",
     "", "Tells before that what every rank waits for."},
    {"--hang-after", Topic::limits, Reach::job, ValueKind::number, "--hang-after S", "30", "",
     "Tells what every rank waits for when one has waited for S seconds and no message has come "
     "anywhere in the job meanwhile. The job goes on: others may compute. SIGUSR1 to prun tells "
     "the "
     "same at any time, Ctrl-\\ tells it and ends the job."},
    {"--on-deadlock", Topic::limits, Reach::job, ValueKind::words, "--on-deadlock WHAT", "report",
     "end report ignore",
     "When every rank waits for a message, and none is on its way: end tells what each waits for "
     "and ends the job with exit status 123 (as without the option), report only tells, ignore "
     "does neither."},
    {"--start-timeout", Topic::limits, Reach::job, ValueKind::number, "--start-timeout S", "30", "",
     "Seconds for each step of starting; 15 without the option."},
    {"--node-timeout", Topic::limits, Reach::job, ValueKind::number, "--node-timeout S", "30", "",
     "Ends the job when a host has not answered for S seconds, as one without power; 4 without the "
     "option, 0: never. At least 0.5. A cable that is out for less is not noticed."},
    {"--forward-signals", Topic::limits, Reach::job, ValueKind::text, "--forward-signals LIST",
     "WINCH,URG", "",
     "Signals, by commas, that are passed on to the ranks in addition to those that SIGNALS lists; "
     "none passes on none."},

    {"--ssh-args", Topic::network, Reach::job, ValueKind::text, "--ssh-args ARGS", "\"-p 2222\"",
     "", "More arguments for ssh."},
    {"--no-persist", Topic::network, Reach::job, ValueKind::none, "--no-persist", "", "",
     "Keeps no ssh connections for the next run; so does PRUN_PERSIST=no in the environment. `prun "
     "hosts --close` ends those that are kept."},
    {"--launcher-exec", Topic::network, Reach::job, ValueKind::program, "--launcher-exec CMD",
     "/usr/bin/ssh", "", "Another program in place of ssh."},
    {"--launcher", Topic::network, Reach::job, ValueKind::words, "--launcher ssh", "ssh", "ssh",
     "How hosts are reached; ssh is the one way."},
    {"--compress", Topic::network, Reach::job, ValueKind::words, "--compress MODE", "off",
     "auto off lz4",
     "Large messages between hosts: auto compresses them where that is faster (as "
     "without the option), off never, lz4 always."},
    {"--encrypt", Topic::network, Reach::job, ValueKind::none, "--encrypt", "", "",
     "Encrypts and authenticates all that ranks send to other hosts, and files that one host "
     "passes "
     "on to the next. Messages within a host stay in its memory, as they are."},
    {"--iface", Topic::network, Reach::job, ValueKind::text, "--iface NAME|NET", "eth0", "",
     "Ranks use the address that each host has on this interface (eth0) or in this network "
     "(10.0.0.0/24), and listen on no other. Of several, by commas, each host takes the first it "
     "has. Without the option: the address at which ssh reached the host."},
    {"--ports", Topic::network, Reach::job, ValueKind::text, "--ports FROM-TO", "5000-5100", "",
     "Ranks listen on these ports, one for each rank of a host, for firewalls that let in no "
     "others. Without the option the system chooses."},
    {"--show-net", Topic::network, Reach::job, ValueKind::none, "--show-net", "", "",
     "Tells on standard error which address and interface the ranks of each host use."},
    {"--mca", Topic::network, Reach::job, ValueKind::text, "--mca KEY VALUE",
     "plm_rsh_args \"-p 2222\"", "",
     "Settings of Open MPI: plm_rsh_agent, plm_rsh_args and plm_ssh_args are understood, "
     "btl_tcp_if_include, oob_tcp_if_include and prte_if_include are --iface, "
     "btl_tcp_port_min_v4 and btl_tcp_port_range_v4 are --ports, and a host that is reached on a "
     "network of btl_tcp_if_exclude is refused; those that choose among its parts have no "
     "effect."},

    {"--user", Topic::network, Reach::job, ValueKind::text, "--user NAME", "pi", "",
     "The user to log in as on hosts that are named without one."},

    {"--config", Topic::settings, Reach::job, ValueKind::file, "--config FILE", "cluster.conf", "",
     "Takes defaults from FILE in place of ~/.config/prun/prun.conf. A line of it is NAME = VALUE, "
     "or NAME alone, with the names of options."},
    {"--no-config", Topic::settings, Reach::job, ValueKind::none, "--no-config", "", "",
     "Takes no defaults, neither from a file nor from the environment."},
    {"--show-config", Topic::settings, Reach::job, ValueKind::none, "--show-config", "", "",
     "Shows every option that is in force and where it was said, and starts nothing."},

    {"--help", Topic::about, Reach::job, ValueKind::none, "-h, --help", "", "", "Shows this."},
    {"--version", Topic::about, Reach::job, ValueKind::none, "-V, --version", "", "",
     "Tells which prun this is."},
};

}  // namespace

std::string_view title_of(Topic topic) {
  switch (topic) {
    case Topic::places:
      return "Where and how many";
    case Topic::supply:
      return "What they get";
    case Topic::display:
      return "What you see";
    case Topic::limits:
      return "When to give up";
    case Topic::network:
      return "SSH";
    case Topic::settings:
      return "Settings";
    case Topic::about:
      break;
  }
  return "About prun";
}

std::span<const Option> option_table() {
  return table;
}

const Option* find_option(std::string_view name) {
  const auto* const found = std::find_if(std::begin(table), std::end(table),
                                         [name](const Option& one) { return one.name == name; });
  return found == std::end(table) ? nullptr : found;
}

std::string as_typed(std::string_view written) {
  return (written.size() == 1 ? "-" : "--") + std::string(written);
}

}  // namespace prun::cli
