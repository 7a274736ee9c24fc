#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "launcher/hang/on_deadlock.hpp"
#include "launcher/hosts/host.hpp"
#include "launcher/hosts/network_wish.hpp"
#include "launcher/hosts/placement.hpp"
#include "launcher/stage/offer.hpp"
#include "runtime/core/compression_mode.hpp"
#include "runtime/core/on_failure.hpp"
#include "runtime/core/port_range.hpp"

namespace prun::cli {

// One program of a job: what stands between two colons of the command line.
struct ProgramOptions {
  std::vector<hosts::Host> hosts;  // from -H and --hostfile together, in order; may be empty
  hosts::PlacementRequest placement;
  std::vector<std::string> command;  // the program and its arguments, never empty
  // --map: architecture, file; in place of the program on hosts with such a processor.
  std::vector<std::pair<std::string, std::string>> files_by_processor;
  std::vector<std::string> environment;  // NAME=VALUE from -x, -genv
  // From -envlist and -envnone: the variables of prun's own that are passed on. Nothing: as usual.
  std::optional<std::vector<std::string>> passed_on;
  std::vector<std::string> unset;  // --unset-env
  std::string directory;           // --wdir; empty: where prun was started
  std::string search_path;         // --path: folders, by colons, that come before PATH
};

// What becomes of what the ranks print. Patterns as io::expand_pattern has them.
struct OutputOptions {
  std::string pattern;     // --prepend-pattern: before every line; comes before --label
  bool timestamp = false;  // --timestamp-output: the time before that
  bool merge = false;      // --merge: standard error goes to standard output
  bool raw = false;        // --raw: as it comes, not by whole lines
  bool sort = false;       // --sort: at the end, rank by rank
  std::optional<std::set<std::uint32_t>> from;  // --output-from: only what these ranks print
  std::string out_file;                         // --outfile-pattern; empty: no file
  std::string err_file;                         // --errfile-pattern
  bool shows_out = true;                        // standard output is shown, files or not
  bool shows_err = true;
};

// Who gets standard input.
enum class InputFor : std::uint8_t { rank, all, none };

// Everything the command line of a run said, checked and in one place. A plain value, made by the
// cli, read by the job.
struct RunOptions {
  std::vector<ProgramOptions> programs;  // at least one

  bool tune = false;  // --tune, in place of a program

  hosts::PlacementOrder order = hosts::PlacementOrder::by_slot;  // --map-by
  bool nolocal = false;                                          // --nolocal
  bool oversubscribe = true;                                     // --nooversubscribe: false
  bool tells_oversubscription = true;                            // --oversubscribe: false
  bool bind_to_core = false;                                     // --bind-to core

  // --min-hosts, --skip-dead: how many hosts are enough to begin; nothing: all of them.
  std::optional<std::uint32_t> min_hosts;
  std::optional<std::chrono::milliseconds> wait_hosts;  // --wait-hosts, for those that boot

  InputFor input = InputFor::rank;  // --stdin
  std::uint32_t input_rank = 0;
  // --forward-signals: in addition to the usual ones; nothing: the option was not given; an empty
  // list: none at all.
  std::optional<std::vector<int>> signals;

  bool terminal = false;  // --tty: the rank with standard input has a terminal of its own

  bool label = false;  // -l
  OutputOptions output;
  bool tells_all_ends = false;  // --print-all-exitcodes
  bool timing = false;          // --timing
  bool dry_run = false;         // --dry-run
  bool shows_plan = false;      // --show-plan
  std::string pid_file;         // --report-pid; - and + as mpirun has them
  core::CompressionMode compression = core::CompressionMode::automatic;  // --compress
  bool encrypt = false;                                                  // --encrypt
  std::vector<hosts::NetworkWish> interfaces;                            // --iface
  std::vector<hosts::NetworkWish> unwanted_interfaces;                   // --mca btl_tcp_if_exclude
  core::PortRange ports;                                                 // --ports
  bool shows_network = false;                                            // --show-net
  core::OnFailure on_failure = core::OnFailure::end;                     // --on-failure
  std::uint32_t restarts = 0;  // --restart, of each rank; it implies --on-failure=continue
  std::optional<std::chrono::milliseconds> timeout;  // --timeout, of the whole job
  std::chrono::milliseconds start_timeout{15000};    // --start-timeout, of each phase of starting
  // --node-timeout: a host that is silent for so long is dead; nothing: none ever is.
  std::optional<std::chrono::milliseconds> node_timeout{4000};
  bool reports_on_timeout = false;                       // --report-on-timeout
  std::optional<std::chrono::milliseconds> hang_after;   // --hang-after
  hang::OnDeadlock on_deadlock = hang::OnDeadlock::end;  // --on-deadlock
  std::uint32_t ssh_window = 32;                    // how many ssh logins may be under way at once
  std::vector<std::string> ssh_arguments;           // --ssh-args
  std::string user;                                 // --user, for hosts named without one
  std::string ssh_program = "ssh";                  // --launcher-exec; tests use stand-ins
  stage::Mode stage_mode = stage::Mode::automatic;  // --stage=off|auto|always
  std::vector<std::string> staged_files;            // --stage FILE
  bool keeps_connections = true;                    // --no-persist: false
  int verbosity = 0;                                // -v +1, -q -1
  bool json = false;                                // --json, of prun doctor
  bool measures_links = true;                       // --no-links, of prun doctor: false
  // What `prun doctor` wants of the runs that it starts.
  bool checks_only = false;        // ends when every host is ready
  bool leaves_nothing = false;     // no cache folder of a host is written
  bool sends_own_tool = false;     // programs are prun's own, which no host is expected to have
  std::vector<std::string> notes;  // for -v: options that were accepted and have no effect
};

}  // namespace prun::cli
