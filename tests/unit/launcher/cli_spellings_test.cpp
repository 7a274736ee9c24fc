// Every spelling of mpiexec and mpirun that people type, in the order of the topics.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "launcher/cli/command_line.hpp"
#include "launcher/cli/option_table.hpp"
#include "launcher/cli/spellings.hpp"
#include "launcher/cli/words.hpp"

namespace prun::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

enum class Outcome { accepted, noted, refused };
constexpr auto A = Outcome::accepted;
constexpr auto I = Outcome::noted;
constexpr auto H = Outcome::refused;

// Options as typed. FILE is an existing hostfile, PROGRAMS one of programs. Each is tried with one
// dash and with two, and where it ends in a value also with an equals sign.
struct Row {
  Outcome outcome;
  const char* options;
};

constexpr Row rows[] = {
    // Number of ranks, and of ranks per node.
    {A, "-n 2"},
    {A, "-np 2"},
    {A, "-n2"},
    {A, "-c 2"},
    {A, "-ppn 2"},
    {A, "-N 2"},
    {A, "-npernode 2"},
    {A, "-pernode"},
    {A, "-map-by ppr:2:node"},
    {A, "-ppr 2:node"},
    // Hosts.
    {A, "-host a,b:2"},
    {A, "-hosts a,b:2"},
    {A, "-hostlist a,b"},
    {A, "-machine a"},
    {A, "-machines a,b"},
    {A, "-machinelist a,b"},
    {A, "-H a,a,b"},
    {A, "-f FILE"},
    {A, "-hostfile FILE"},
    {A, "-machinefile FILE"},
    {A, "-default-hostfile FILE"},
    {H, "-add-host a"},
    {H, "-add-hostfile FILE"},
    // Program, folder, files.
    {A, "-wdir /tmp"},
    {A, "-wd /tmp"},
    {A, "-path /opt/bin"},
    {I, "-prefix /opt/openmpi"},
    {I, "-noprefix"},
    {I, "-hybrid-hosts"},
    {A, "-s"},
    {A, "-preload-binary"},
    {A, "-preload-files a,b"},
    // Environment.
    {A, "-genv NAME VALUE"},
    {A, "-genv NAME=VALUE"},
    {A, "-x NAME=VALUE"},
    {A, "-x SET_HERE"},
    {A, "-set-env NAME=VALUE"},
    {A, "-genvlist A,B"},
    {A, "-genvall"},
    {A, "-genvnone"},
    {A, "-env NAME VALUE"},
    {A, "-envlist A,B"},
    {A, "-envall"},
    {A, "-envnone"},
    {A, "-unset-env NAME"},
    {H, "-prepend-env NAME VALUE"},
    {H, "-append-env NAME VALUE"},
    // Output.
    {A, "-l"},
    {A, "-prepend-pattern '%r %g %p %h %t: '"},
    {A, "-prepend-rank"},
    {A, "-tag-output"},
    {A, "-prepend-pattern %r:"},
    {A, "-output tag"},
    {A, "-output tag-detailed"},
    {A, "-output tag-fullname"},
    {A, "-output timestamp"},
    {A, "-output tag,timestamp,merge"},
    {A, "-output merge"},
    {A, "-output :raw"},
    {A, "-output dir=/tmp/out:nocopy"},
    {A, "-output file=/tmp/out"},
    {H, "-output xml"},
    {A, "-timestamp-output"},
    {A, "-outfile-pattern out.%r"},
    {A, "-outfile out"},
    {A, "-errfile-pattern err.%r"},
    {A, "-errfile err"},
    {A, "-output-filename out"},
    {A, "-output-from 0"},
    {A, "-merge-stderr-to-stdout"},
    {A, "-sort"},
    {A, "-tty"},
    {A, "-timing"},
    {A, "-output rank"},
    {A, "-stream-buffering 0"},
    {A, "-stream-buffering 1"},
    {A, "-stream-buffering 2"},
    {H, "-xml"},
    {H, "-xterm 1,2"},
    {A, "-stdin 0"},
    {A, "-stdin all"},
    {A, "-stdin none"},
    // Network and ssh.
    {A, "-launcher ssh"},
    {A, "-launcher-exec /usr/bin/ssh"},
    {A, "-bootstrap ssh"},
    {A, "-bootstrap-exec /usr/bin/ssh"},
    {A, "-mca plm_rsh_agent ssh"},
    {A, "-mca plm_rsh_args '-p 2222'"},
    {A, "-mca plm_ssh_args '-p 2222'"},
    {A, "-iface eth0"},
    {A, "-iface 10.0.0.0/24,eth0"},
    {A, "-ports 5000-5100"},
    {A, "-show-net"},
    {A, "-mca btl_tcp_if_include eth0"},
    {A, "-mca btl_tcp_if_exclude lo,docker0"},
    {A, "-mca oob_tcp_if_include 10.0.0.0/24"},
    {A, "-prtemca prte_if_include eth0"},
    {A, "-mca btl_tcp_port_min_v4 5000"},
    {A, "-mca btl_tcp_port_range_v4 100"},
    {A, "-genv MPIR_CVAR_CH3_PORT_RANGE 5000:5100"},
    {I, "-enable-x"},
    {I, "-disable-x"},
    {I, "-localhost rpi1"},
    {I, "-disable-hostname-propagation"},
    // Placement and binding.
    {A, "-skip-launch-node"},
    {A, "-nolocal"},
    {A, "-map-by :nolocal"},
    {A, "-map-by slot"},
    {A, "-map-by node"},
    {A, "-map-by node:oversubscribe"},
    {I, "-map-by core"},
    {I, "-map-by socket:PE=2"},
    {A, "-bynode"},
    {A, "-byslot"},
    {A, "-rank-by slot"},
    {I, "-rank-by core"},
    {H, "-rankmap (vector,0,1)"},
    {H, "-rankfile FILE"},
    {H, "-order-nodes ASC"},
    {A, "-bind-to none"},
    {A, "-bind-to core"},
    {A, "-bind-to core:overload-allowed"},
    {A, "-bind-to-core"},
    {A, "-bind-to-none"},
    {A, "-binding core"},
    {I, "-bind-to socket"},
    {I, "-bind-to-socket"},
    {I, "-membind firsttouch"},
    {I, "-topolib hwloc"},
    {I, "-cpu-list 0,1"},
    {I, "-cpu-set 0,1"},
    {I, "-report-bindings"},
    {I, "-use-hwthread-cpus"},
    {A, "-oversubscribe"},
    {A, "-map-by :oversubscribe"},
    {A, "-nooversubscribe"},
    {I, "-allow-run-as-root"},
    // Limits, failures, signals.
    {A, "-timeout 60"},
    {A, "-spawn-timeout 60"},
    {A, "-disable-auto-cleanup"},
    {A, "-enable-recovery"},
    {A, "-continuous"},
    {A, "-on-failure continue"},
    {A, "-get-stack-traces"},
    {A, "-report-state-on-timeout"},
    {A, "-max-restarts 3"},
    {A, "-print-all-exitcodes"},
    {A, "-forward-signals WINCH,SIGURG"},
    {A, "-forward-signals none"},
    // Plans, words, numbers.
    {A, "-do-not-launch"},
    {A, "-dry-run"},
    {A, "-display map"},
    {A, "-display allocation"},
    {A, "-display bind"},
    {A, "-display-map"},
    {A, "-display-allocation"},
    {A, "-show-progress"},
    {A, "-v"},
    {A, "-verbose"},
    {A, "-debug"},
    {A, "-debug-daemons"},
    {A, "-q"},
    {I, "-leave-session-attached"},
    {A, "-report-pid -"},
    {A, "-report-pid +"},
    {A, "-report-pid FILE"},
    {H, "-report-uri -"},
    {I, "-mca btl tcp,self"},
    {I, "-mca plm_base_verbose 10"},
    {I, "-mca btl ^openib"},
    {I, "-mca btl_base_verbose=30"},
    {I, "-gmca btl tcp,self"},
    {I, "-prtemca a b"},
    {I, "-pmixmca a b"},
    // What only the peers have.
    {H, "-rmk slurm"},
    {H, "-usize 4"},
    {H, "-gpus-per-proc 1"},
    {H, "-g 1"},
    {H, "-nameserver rpi1"},
    {H, "-pmi-port"},
    {H, "-demux poll"},
    {H, "-profile"},
    {H, "-dvm"},
    {H, "-personality ompi"},
    {H, "-gpu-support 1"},
    {H, "-hetero-nodes"},
};

class Spellings : public testing::Test {
 protected:
  Spellings() {
    std::string pattern = (std::filesystem::temp_directory_path() / "prun-cli-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    std::ofstream(folder_ / "FILE") << "a\nb\n";
  }
  ~Spellings() override { std::filesystem::remove_all(folder_); }

  ParsedCommandLine parsed(std::vector<std::string> words) const {
    for (auto& word : words) {
      if (word == "FILE") word = (folder_ / "FILE").string();
      if (word.ends_with("=FILE"))
        word = word.substr(0, word.find('=') + 1) + (folder_ / "FILE").string();
    }
    words.insert(words.end(), {"./a", "-x", "1"});
    return parse(words, {"SET_HERE=1"});
  }

  void expect(Outcome outcome, const std::vector<std::string>& words) const {
    std::string shown;
    for (const auto& word : words) shown += word + " ";
    SCOPED_TRACE(shown);
    const auto result = parsed(words);
    if (outcome == H) {
      const auto* printout = std::get_if<Printout>(&result);
      ASSERT_NE(printout, nullptr) << "was accepted";
      EXPECT_EQ(printout->exit_status, 125);
      EXPECT_TRUE(printout->is_error);
      EXPECT_EQ(std::count(printout->text.begin(), printout->text.end(), '\n'), 1);
      EXPECT_THAT(printout->text, StartsWith("prun: -"));
      EXPECT_THAT(printout->text, HasSubstr(words[0].substr(words[0].find_first_not_of('-'), 2)));
      EXPECT_GT(printout->text.size(), words[0].size() + 30) << printout->text;
      return;
    }
    const auto* printout = std::get_if<Printout>(&result);
    ASSERT_EQ(printout, nullptr) << printout->text;
    const auto& options = std::get<RunOptions>(result);
    EXPECT_EQ(options.programs.front().command, (std::vector<std::string>{"./a", "-x", "1"}));
    EXPECT_EQ(options.notes.empty(), outcome == A)
        << (options.notes.empty() ? "" : options.notes.front());
  }

 private:
  std::filesystem::path folder_;
};

TEST_F(Spellings, EachIsTakenWithOneDashTwoDashesAndAnEqualsSign) {
  for (const auto& row : rows) {
    auto words = split_words(row.options).value();
    expect(row.outcome, words);
    words[0].insert(words[0].begin(), '-');
    expect(row.outcome, words);
    if (words.size() != 2 || row.outcome == H) continue;
    expect(row.outcome, {words[0] + "=" + words[1]});
    expect(row.outcome, {words[0].substr(1) + "=" + words[1]});
  }
}

TEST_F(Spellings, EveryOneOfTheTableIsTriedHere) {
  std::set<std::string> tried{"app",     "configfile", "h",    "help", "V",
                              "version", "info",       "tune", "json", "no-links"};
  for (const auto& row : rows) tried.insert(split_words(row.options).value()[0].substr(1));
  for (const std::string own : {"label",
                                "quiet",
                                "start-timeout",
                                "ssh-args",
                                "show-plan",
                                "timestamp",
                                "output-dir",
                                "merge",
                                "raw",
                                "min-hosts",
                                "user",
                                "config",
                                "no-config",
                                "show-config",
                                "compress",
                                "encrypt",
                                "skip-dead",
                                "wait-hosts",
                                "map",
                                "stage",
                                "no-persist",
                                "node-timeout",
                                "report-on-timeout",
                                "hang-after",
                                "restart",
                                "on-deadlock"})
    tried.insert(own);
  for (const auto& spelling : spellings())
    EXPECT_EQ(tried.count(std::string(spelling.written)), 1u) << spelling.written;
}

TEST(SpellingTable, LeadsToOptionsThatThereAre) {
  std::set<std::string_view> written;
  for (const auto& spelling : spellings()) {
    EXPECT_TRUE(written.insert(spelling.written).second) << spelling.written << " stands twice";
    if (spelling.effect == Effect::option) {
      const Option* const option = find_option(spelling.option);
      ASSERT_NE(option, nullptr) << spelling.written << " leads to " << spelling.option;
      EXPECT_EQ(option->kind == ValueKind::none,
                spelling.takes == Takes::nothing && spelling.implied.empty())
          << spelling.written;
    } else {
      EXPECT_FALSE(spelling.reason.empty()) << spelling.written;
    }
  }
  for (const auto& option : option_table()) {
    EXPECT_TRUE(std::any_of(spellings().begin(), spellings().end(),
                            [&](const auto& one) { return one.option == option.name; }))
        << option.name << " cannot be typed";
  }
}

}  // namespace
}  // namespace prun::cli
