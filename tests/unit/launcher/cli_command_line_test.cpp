#include "launcher/cli/command_line.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <tuple>

namespace prun::cli {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

using Arguments = std::vector<std::string>;

RunOptions run(const Arguments& arguments, const Arguments& environment = {}) {
  auto parsed = parse(arguments, environment);
  if (const auto* printout = std::get_if<Printout>(&parsed)) {
    ADD_FAILURE() << printout->text;
    return {};
  }
  return std::get<RunOptions>(std::move(parsed));
}

Printout printed(const Arguments& arguments, const Arguments& environment = {}) {
  auto parsed = parse(arguments, environment);
  if (auto* printout = std::get_if<Printout>(&parsed)) return *printout;
  ADD_FAILURE() << "was accepted";
  return {};
}

// The text of an error, which must be one line for standard error with status 125.
std::string refusal(const Arguments& arguments, const Arguments& environment = {}) {
  const Printout printout = printed(arguments, environment);
  EXPECT_TRUE(printout.is_error);
  EXPECT_EQ(printout.exit_status, 125);
  EXPECT_EQ(std::count(printout.text.begin(), printout.text.end(), '\n'), 1) << printout.text;
  EXPECT_THAT(printout.text, StartsWith("prun: "));
  return printout.text.substr(0, printout.text.size() - 1);
}

std::vector<std::string> names(const RunOptions& options) {
  std::vector<std::string> result;
  for (const auto& host : options.programs.front().hosts) result.push_back(host.name);
  return result;
}

TEST(CommandLine, MainJob) {
  const RunOptions options = run({"-H", "rpi1,rpi2,rpi3,rpi4", "./prime", "100000"});
  EXPECT_THAT(names(options), ElementsAre("rpi1", "rpi2", "rpi3", "rpi4"));
  EXPECT_EQ(options.programs.front().placement, hosts::PlacementRequest{});
  EXPECT_THAT(options.programs.front().command, ElementsAre("./prime", "100000"));
}

TEST(CommandLine, DefaultsAreThoseOfTheStruct) {
  const RunOptions options = run({"./a"});
  EXPECT_THAT(options.programs.front().hosts, IsEmpty());
  EXPECT_FALSE(options.label);
  EXPECT_FALSE(options.timeout.has_value());
  EXPECT_EQ(options.start_timeout, milliseconds(15000));
  EXPECT_EQ(options.ssh_program, "ssh");
  EXPECT_EQ(options.verbosity, 0);
  EXPECT_THAT(options.notes, IsEmpty());
}

TEST(CommandLine, TutorialCommands) {
  EXPECT_EQ(run({"-n", "4", "--hosts", "10.0.0.1,10.0.0.2,10.0.0.3,10.0.0.4", "hostname"})
                .programs.front()
                .hosts.size(),
            4u);
  EXPECT_EQ(run({"-n", "2", "--host", "10.0.0.1,10.0.0.2", "python3", "prime.py", "100000"})
                .programs.front()
                .command.size(),
            3u);
  EXPECT_EQ(run({"python3", "Hello.py"}).programs.front().command.front(), "python3");
}

TEST(CommandLine, Counts) {
  EXPECT_EQ(run({"-n", "4", "./a"}).programs.front().placement.ranks, 4u);
  EXPECT_EQ(run({"-ppn", "2", "./a"}).programs.front().placement.per_host, 2u);
  EXPECT_EQ(run({"-pernode", "-n", "4", "./a"}).programs.front().placement,
            (hosts::PlacementRequest{4, 1}));
  EXPECT_EQ(run({"-n", "4", "-n", "5", "./a"}).programs.front().placement.ranks, 5u);
  EXPECT_EQ(refusal({"-n", "0", "./a"}),
            "prun: -n: '0' is not a number of ranks from 1 to 65536; for example: -n 4");
  EXPECT_THAT(refusal({"-np", "four", "./a"}), HasSubstr("-n: 'four' is not a number of ranks"));
  EXPECT_THAT(refusal({"-n", "-l", "./a"}), HasSubstr("-n: '-l' is not a number of ranks"));
  EXPECT_THAT(refusal({"-n", "65537", "./a"}), HasSubstr("'65537' is not a number of ranks"));
  EXPECT_THAT(refusal({"-N", "1.5", "./a"}), HasSubstr("-N: '1.5' is not a number of ranks"));
}

TEST(CommandLine, BadHostList) {
  EXPECT_EQ(refusal({"-H", "rpi1,,rpi2", "./a"}),
            "prun: -H: host list 'rpi1,,rpi2': entry 2 is empty; there is a comma too many");
  EXPECT_THAT(refusal({"-H", "-n", "4", "./a"}),
              HasSubstr("-H: host '-n': '-n' is not a host name"));
}

class CommandLineWithHostfile : public testing::Test {
 protected:
  CommandLineWithHostfile() {
    std::string pattern = (std::filesystem::temp_directory_path() / "prun-cli-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~CommandLineWithHostfile() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
    return (folder_ / name).string();
  }

 private:
  std::filesystem::path folder_;
};

TEST_F(CommandLineWithHostfile, HostsComeInTheOrderTyped) {
  const std::string file = write("hosts", "b\nc:2\n");
  EXPECT_THAT(names(run({"-H", "a", "-f", file, "-H", "d", "./a"})),
              ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(names(run({"-machinefile", file, "-H", "a", "./a"})), ElementsAre("b", "c", "a"));
  EXPECT_THAT(names(run({"-hostfile", file, "--hostfile", file, "./a"})),
              ElementsAre("b", "c", "b", "c"));
}

TEST_F(CommandLineWithHostfile, ErrorsCarryFileAndLine) {
  const std::string file = write("hosts", "b\nc slot=2\n");
  EXPECT_THAT(refusal({"-f", file, "./a"}),
              StartsWith("prun: " + file + ":2: 'slot=2' is not understood; "));
  EXPECT_THAT(refusal({"-f", file + "x", "./a"}), HasSubstr("there is no such file"));
  EXPECT_THAT(refusal({"-f", "", "./a"}), HasSubstr("the name of the file is empty"));
}

TEST(CommandLine, Variables) {
  const Arguments own{"SHOW=:0", "B=2"};
  EXPECT_THAT(
      run({"-x", "A=1", "-x", "SHOW", "-genv", "C", "3", "-genv", "D=4", "-x", "E=", "./a"}, own)
          .programs.front()
          .environment,
      ElementsAre("C=3", "D=4", "A=1", "SHOW=:0", "E="));
  EXPECT_EQ(refusal({"-x", "NOPE", "./a"}, own),
            "prun: -x: the variable NOPE is not set here, so it cannot be passed on; write "
            "NOPE=VALUE, or set and "
            "export it first");
}

TEST(CommandLine, Directory) {
  EXPECT_EQ(run({"-wdir", "/home/pi/work", "./a"}).programs.front().directory, "/home/pi/work");
  EXPECT_EQ(run({"--wd=/x", "./a"}).programs.front().directory, "/x");
  EXPECT_THAT(refusal({"--wdir", "", "./a"}), HasSubstr("the name of the folder is empty"));
}

TEST(CommandLine, AFileForEachProcessor) {
  const auto options =
      run({"--map", "arm64=./prime-arm64", "--map=ARMHF=x=y", "./prime", ":", "./other"});
  using Pair = std::pair<std::string, std::string>;
  EXPECT_THAT(options.programs[0].files_by_processor,
              ElementsAre(Pair("aarch64", "./prime-arm64"), Pair("armhf", "./x=y")));
  EXPECT_THAT(options.programs[1].files_by_processor, IsEmpty());
  for (const std::string bad : {"", "aarch64", "aarch64=", "=x"}) {
    EXPECT_EQ(
        refusal({"--map", bad, "./a"}),
        "prun: --map: '" + bad + "' is not ARCH=FILE; for example: --map aarch64=./prime-arm64");
  }
  EXPECT_EQ(refusal({"--map", "vax=./a", "./a"}),
            "prun: --map: 'vax' is not a processor that prun knows: x86_64, aarch64, armhf, "
            "armv6, i686, riscv64");
  EXPECT_EQ(refusal({"--map", "arm64=./a", "--map", "aarch64=./b", "./a"}),
            "prun: --map: aarch64 is ./a already, and can not be ./b too");
}

TEST(CommandLine, RanksThatAreStartedAgain) {
  EXPECT_EQ(run({"./a"}).restarts, 0U);
  EXPECT_EQ(run({"./a"}).on_failure, core::OnFailure::end);
  EXPECT_EQ(run({"--restart", "3", "./a"}).restarts, 3U);
  EXPECT_EQ(run({"--restart", "3", "./a"}).on_failure, core::OnFailure::go_on);
  EXPECT_EQ(run({"-max-restarts", "2", "./a"}).restarts, 2U);
  EXPECT_EQ(run({"--restart", "0", "./a"}).on_failure, core::OnFailure::end);
  EXPECT_EQ(run({"--restart", "0", "--on-failure=continue", "./a"}).on_failure,
            core::OnFailure::go_on);
  EXPECT_THAT(refusal({"--restart", "1", "--on-failure=end", "./a"}),
              HasSubstr("exclude each other"));
  EXPECT_THAT(refusal({"--restart", "often", "./a"}), HasSubstr("for example: --restart 3"));
}

TEST(CommandLine, Times) {
  EXPECT_EQ(run({"--timeout", "90", "./a"}).timeout, milliseconds(90000));
  EXPECT_EQ(run({"-timeout", "0.25", "./a"}).timeout, milliseconds(250));
  EXPECT_EQ(run({"--timeout=0.0001", "./a"}).timeout, milliseconds(1));
  EXPECT_EQ(run({"--start-timeout", "3.5", "./a"}).start_timeout, milliseconds(3500));
  EXPECT_EQ(run({"./a"}).node_timeout, milliseconds(4000));
  EXPECT_EQ(run({"--node-timeout", "0.5", "./a"}).node_timeout, milliseconds(500));
  EXPECT_EQ(run({"--node-timeout=0", "./a"}).node_timeout, std::nullopt);
  EXPECT_EQ(refusal({"--timeout", "0", "./a"}),
            "prun: --timeout: '0' is not a time in seconds above 0; for example: --timeout 90 or "
            "--timeout 0.5");
  for (const std::string bad : {"-1", "soon", "1h", "inf", "nan", "1e30", ""}) {
    EXPECT_THAT(refusal({"--timeout", bad, "./a"}),
                HasSubstr("'" + bad + "' is not a time in seconds"))
        << bad;
  }
}

TEST(CommandLine, Encryption) {
  EXPECT_FALSE(run({"./a"}).encrypt);
  EXPECT_TRUE(run({"--encrypt", "./a"}).encrypt);
  EXPECT_TRUE(run({"-encrypt", "./a"}).encrypt);
}

TEST(CommandLine, Compression) {
  EXPECT_EQ(run({"./a"}).compression, core::CompressionMode::automatic);
  EXPECT_EQ(run({"--compress=auto", "./a"}).compression, core::CompressionMode::automatic);
  EXPECT_EQ(run({"--compress", "off", "./a"}).compression, core::CompressionMode::off);
  EXPECT_EQ(run({"--compress=off", "--compress=lz4", "./a"}).compression,
            core::CompressionMode::lz4);
  EXPECT_EQ(refusal({"--compress=zip", "./a"}),
            "prun: --compress: 'zip' is none of auto, off or lz4; for example: --compress=off");
  for (const std::string bad : {"", "LZ4", "on", "lz4 "}) {
    EXPECT_THAT(refusal({"--compress", bad, "./a"}), HasSubstr("'" + bad + "' is none of")) << bad;
  }
  EXPECT_EQ(refusal({"--compress"}), "prun: --compress needs a value; for example: --compress off");
}

TEST(CommandLine, Ssh) {
  const RunOptions options = run(
      {"--ssh-args", "-p 2222 -i 'my key'", "--ssh-args=-4", "--launcher-exec", "/opt/ssh", "./a"});
  EXPECT_THAT(options.ssh_arguments, ElementsAre("-p", "2222", "-i", "my key", "-4"));
  EXPECT_EQ(options.ssh_program, "/opt/ssh");
  EXPECT_THAT(run({"--ssh-args", "", "./a"}).ssh_arguments, IsEmpty());
  EXPECT_THAT(refusal({"--ssh-args", "'", "./a"}), HasSubstr("opened and never closed"));
}

TEST(CommandLine, ValuesWithBracketsAndCommasStayWhole) {
  EXPECT_THAT(
      run({"-x", "A=[1,2]", "-x", "B=\"q\"", "-x", "C=--help", "./a"}).programs.front().environment,
      ElementsAre("A=[1,2]", "B=\"q\"", "C=--help"));
  EXPECT_THAT(names(run({"-H", "[fe80::1],n[1-2]", "./a"})), ElementsAre("fe80::1", "n1", "n2"));
}

TEST(CommandLine, Verbosity) {
  EXPECT_EQ(run({"-v", "--verbose", "./a"}).verbosity, 2);
  EXPECT_EQ(run({"-q", "./a"}).verbosity, -1);
  EXPECT_TRUE(run({"-l", "--tag-output", "./a"}).label);
}

TEST(CommandLine, OptionsWithoutEffectAreNoted) {
  const RunOptions options = run({"--prefix", "/x", "--bind-to", "socket", "--mca", "btl", "self",
                                  "--map-by", "core:PE=2", "./a"});
  EXPECT_THAT(
      options.notes,
      ElementsAre(HasSubstr("--prefix /x has no effect"), HasSubstr("--bind-to socket has"),
                  HasSubstr("--mca btl self has no"),
                  HasSubstr("--map-by core is as --map-by slot"), HasSubstr("pe=2 has no effect")));
}

TEST(CommandLine, PlacementWords) {
  EXPECT_EQ(run({"./a"}).order, hosts::PlacementOrder::by_slot);
  EXPECT_EQ(run({"--map-by", "node", "./a"}).order, hosts::PlacementOrder::by_host);
  EXPECT_EQ(run({"--bynode", "./a"}).order, hosts::PlacementOrder::by_host);
  EXPECT_EQ(run({"--bynode", "--byslot", "./a"}).order, hosts::PlacementOrder::by_slot);
  EXPECT_EQ(run({"--map-by", "ppr:2:node", "./a"}).programs.front().placement.per_host, 2u);
  EXPECT_EQ(run({"--ppr", "3:node", "./a"}).programs.front().placement.per_host, 3u);
  const auto all = run({"--map-by", "NODE:NOLOCAL:NOOVERSUBSCRIBE", "./a"});
  EXPECT_EQ(all.order, hosts::PlacementOrder::by_host);
  EXPECT_TRUE(all.nolocal);
  EXPECT_FALSE(all.oversubscribe);
  EXPECT_TRUE(run({"--map-by", ":nolocal", "./a"}).nolocal);
  EXPECT_EQ(refusal({"--map-by", "moon", "./a"}),
            "prun: --map-by: 'moon' is not understood; slot, node and ppr:N:node are, for example: "
            "--map-by node");
  EXPECT_THAT(refusal({"--map-by", "slot:moon", "./a"}), HasSubstr("'moon' is not understood"));
  EXPECT_THAT(refusal({"--map-by", "ppr:0:node", "./a"}), HasSubstr("not a number of ranks"));
  EXPECT_THAT(refusal({"--ppr", "2:socket", "./a"}), HasSubstr("is not N:node"));
}

TEST(CommandLine, Binding) {
  EXPECT_FALSE(run({"./a"}).bind_to_core);
  EXPECT_TRUE(run({"--bind-to", "core", "./a"}).bind_to_core);
  EXPECT_FALSE(run({"--bind-to", "core", "--bind-to", "none", "./a"}).bind_to_core);
  EXPECT_THAT(refusal({"--bind-to", "chair", "./a"}), HasSubstr("none and core are"));
}

TEST(CommandLine, Oversubscription) {
  EXPECT_TRUE(run({"./a"}).oversubscribe);
  EXPECT_TRUE(run({"./a"}).tells_oversubscription);
  EXPECT_FALSE(run({"--oversubscribe", "./a"}).tells_oversubscription);
  EXPECT_FALSE(run({"--nooversubscribe", "./a"}).oversubscribe);
}

TEST(CommandLine, VariablesOfAllPrograms) {
  const auto programs = run({"-genv", "A", "1", "-genvnone", "-x", "B=1", "./a", ":", "-env", "A",
                             "2", "-envall", "-envlist", "C", "./b"})
                            .programs;
  EXPECT_THAT(programs[0].environment, ElementsAre("A=1", "B=1"));
  EXPECT_THAT(programs[1].environment, ElementsAre("A=1", "A=2"));
  EXPECT_THAT(*programs[0].passed_on, IsEmpty());
  EXPECT_THAT(*programs[1].passed_on, ElementsAre("C"));
  EXPECT_FALSE(run({"-genvall", "./a"}).programs.front().passed_on.has_value());
  EXPECT_THAT(run({"--unset-env", "A", "./a"}).programs.front().unset, ElementsAre("A"));
  EXPECT_THAT(refusal({"--unset-env", "A=1", "./a"}), HasSubstr("not the name of a variable"));
}

TEST(CommandLine, HostsThatAreDeadOrBoot) {
  EXPECT_FALSE(run({"./a"}).min_hosts.has_value());
  EXPECT_EQ(run({"--min-hosts", "3", "./a"}).min_hosts, 3u);
  EXPECT_EQ(run({"--skip-dead", "./a"}).min_hosts, 1u);
  EXPECT_EQ(run({"--min-hosts", "3", "--skip-dead", "./a"}).min_hosts, 3u);
  EXPECT_EQ(run({"--wait-hosts", "60s", "./a"}).wait_hosts, milliseconds(60000));
  EXPECT_EQ(run({"--wait-hosts=1.5", "./a"}).wait_hosts, milliseconds(1500));
  EXPECT_THAT(refusal({"--min-hosts", "0", "./a"}), HasSubstr("'0' is not a number of hosts"));
  EXPECT_THAT(refusal({"--wait-hosts", "s", "./a"}), HasSubstr("'s' is not a time in seconds"));
}

TEST(CommandLine, WhereOutputGoes) {
  const auto output = [](const Arguments& arguments) { return run(arguments).output; };
  EXPECT_EQ(output({"--output-dir", "d", "./a"}).out_file, "d/rank.%r.out");
  EXPECT_TRUE(output({"--output-dir", "d", "./a"}).shows_out);
  EXPECT_EQ(output({"-outfile-pattern", "o.%r", "./a"}).out_file, "o.%r");
  EXPECT_FALSE(output({"-outfile-pattern", "o.%r", "./a"}).shows_out);
  EXPECT_TRUE(output({"-outfile-pattern", "o.%r", "./a"}).shows_err);
  const auto words = run({"--output", "TAG,timestamp,dir=D:nocopy", "./a"});
  EXPECT_TRUE(words.label);
  EXPECT_TRUE(words.output.timestamp);
  EXPECT_EQ(words.output.err_file, "D/rank.%r.err");
  EXPECT_FALSE(words.output.shows_err);
  EXPECT_THAT(*output({"--output-from", "0,2-4", "./a"}).from, ElementsAre(0u, 2u, 3u, 4u));
  EXPECT_TRUE(output({"--stream-buffering", "0", "./a"}).raw);
  EXPECT_FALSE(output({"--stream-buffering", "1", "./a"}).raw);
  EXPECT_THAT(refusal({"--output", "dir=", "./a"}), HasSubstr("'dir=' is not understood"));
  for (const std::string bad : {"x", "3-1", "-1", "1-", "99999999"})
    EXPECT_THAT(refusal({"--output-from", bad, "./a"}), HasSubstr("is not a rank or a range"))
        << bad;
}

TEST(CommandLine, WhoGetsInput) {
  EXPECT_EQ(run({"./a"}).input, InputFor::rank);
  EXPECT_EQ(run({"--stdin", "3", "./a"}).input_rank, 3u);
  EXPECT_EQ(run({"--stdin", "all", "./a"}).input, InputFor::all);
  EXPECT_EQ(run({"--stdin=none", "./a"}).input, InputFor::none);
  EXPECT_THAT(refusal({"--stdin", "me", "./a"}), HasSubstr("not a rank, all or none"));
}

TEST(CommandLine, SignalsToPassOn) {
  EXPECT_FALSE(run({"./a"}).signals.has_value());
  EXPECT_THAT(*run({"--forward-signals", "WINCH,sigurg,10", "./a"}).signals,
              ElementsAre(SIGWINCH, SIGURG, SIGUSR1));
  EXPECT_THAT(*run({"--forward-signals", "none", "./a"}).signals, IsEmpty());
  EXPECT_THAT(refusal({"--forward-signals", "KILL", "./a"}), HasSubstr("'KILL' is no signal"));
  EXPECT_THAT(refusal({"--forward-signals", "", "./a"}), HasSubstr("no signal is named"));
}

TEST(CommandLine, SettingsOfOpenMpi) {
  const auto options =
      run({"--mca", "plm_rsh_agent", "/opt/ssh -4", "--mca", "plm_rsh_args", "-p 2222", "./a"});
  EXPECT_EQ(options.ssh_program, "/opt/ssh");
  EXPECT_THAT(options.ssh_arguments, ElementsAre("-4", "-p", "2222"));
}

TEST(CommandLine, NetworksOfRanks) {
  const auto names = [](const RunOptions& options) {
    std::vector<std::string> typed;
    for (const auto& wish : options.interfaces) typed.push_back(wish.typed);
    return typed;
  };
  EXPECT_THAT(names(run({"--iface", "eth0,10.0.0.0/24", "-iface", "eth1", "./a"})),
              ElementsAre("eth0", "10.0.0.0/24", "eth1"));
  EXPECT_TRUE(run({"--show-net", "./a"}).shows_network);
  EXPECT_THAT(refusal({"--iface", "10.0.0.1", "./a"}), HasSubstr("address of one host"));
  // What is said of the daemons counts where nothing is said of the ranks, and --iface counts most.
  EXPECT_THAT(names(run({"--mca", "oob_tcp_if_include", "eth0", "./a"})), ElementsAre("eth0"));
  EXPECT_THAT(names(run({"--mca", "oob_tcp_if_include", "eth0", "--mca", "btl_tcp_if_include",
                         "eth1", "./a"})),
              ElementsAre("eth1"));
  EXPECT_THAT(names(run({"--mca", "btl_tcp_if_include", "eth1", "--iface", "eth2", "./a"})),
              ElementsAre("eth2"));
  const auto left_out = run({"--mca", "btl_tcp_if_exclude", "lo,docker0", "./a"});
  EXPECT_EQ(left_out.unwanted_interfaces.size(), 2u);
  EXPECT_TRUE(left_out.interfaces.empty());
}

TEST(CommandLine, PortsOfRanks) {
  using core::PortRange;
  EXPECT_EQ(run({"./a"}).ports, PortRange{});
  EXPECT_EQ(run({"--ports", "5000-5100", "./a"}).ports, (PortRange{5000, 5100}));
  EXPECT_EQ(run({"--ports", "5000", "./a"}).ports, (PortRange{5000, 5000}));
  for (const char* wrong :
       {"", "-", "0-5", "5100-5000", "5000-70000", "5000-", "a-b", "5000-5100-"})
    EXPECT_THAT(refusal({"--ports", wrong, "./a"}), HasSubstr("is not a range of ports")) << wrong;

  EXPECT_EQ(
      run({"--mca", "btl_tcp_port_min_v4", "5000", "--mca", "btl_tcp_port_range_v4", "100", "./a"})
          .ports,
      (PortRange{5000, 5099}));
  EXPECT_EQ(run({"--mca", "btl_tcp_port_min_v4", "5000", "./a"}).ports, (PortRange{5000, 65535}));
  EXPECT_EQ(run({"--mca", "btl_tcp_port_range_v4", "100", "./a"}).ports, (PortRange{1024, 1123}));
  EXPECT_THAT(refusal({"--mca", "btl_tcp_port_min_v4", "0", "./a"}), HasSubstr("not a number"));
  EXPECT_THAT(refusal({"--mca", "btl_tcp_port_min_v4", "65000", "--mca", "btl_tcp_port_range_v4",
                       "1000", "./a"}),
              HasSubstr("end beyond 65535"));

  EXPECT_EQ(run({"-genv", "MPIR_CVAR_CH3_PORT_RANGE", "5000:5100", "./a"}).ports,
            (PortRange{5000, 5100}));
  EXPECT_EQ(run({"-x", "MPIR_CVAR_CH3_PORT_RANGE=5000:5100", "--ports", "7000-7001", "./a"}).ports,
            (PortRange{7000, 7001}));
  EXPECT_THAT(refusal({"-genv", "MPIR_CVAR_CH3_PORT_RANGE", "x", "./a"}),
              HasSubstr("MPIR_CVAR_CH3_PORT_RANGE: 'x' is not a range of ports"));
}

TEST(CommandLine, WaysToReachHosts) {
  EXPECT_THAT(refusal({"--launcher", "slurm", "./a"}), HasSubstr("prun starts ranks over ssh"));
  EXPECT_THAT(refusal({"--launcher", "fork", "./a"}), HasSubstr("leave out the hosts"));
}

TEST_F(CommandLineWithHostfile, ProgramsOfAFile) {
  const std::string file = write("programs",
                                 "# master and workers\n-n 1 ./master 'a b'\n\n -n 3 -x A=1 "
                                 "./worker\r\n");
  const auto programs = run({"-H", "a,b", "-x", "B=2", "-app", file}).programs;
  ASSERT_EQ(programs.size(), 2u);
  EXPECT_THAT(programs[0].command, ElementsAre("./master", "a b"));
  EXPECT_EQ(programs[0].hosts.size(), 2u);
  EXPECT_EQ(programs[1].placement.ranks, 3u);
  EXPECT_THAT(programs[1].environment, ElementsAre("B=2", "A=1"));
  EXPECT_EQ(run({"-configfile", file}).programs.size(), 2u);
  EXPECT_THAT(refusal({"--app", file, "./a"}), HasSubstr("none may be typed beside it"));
  EXPECT_THAT(refusal({"--app", file + "x"}), HasSubstr("cannot be read"));
  EXPECT_THAT(refusal({"--app", write("empty", "# nothing\n")}), HasSubstr("no program stands"));
  EXPECT_THAT(refusal({"--app", write("again", "--app x\n")}), HasSubstr("cannot name another"));
}

TEST(CommandLine, ProgramKeepsItsArguments) {
  EXPECT_THAT(run({"-n", "2", "./a", "-n", "--help", "-x"}).programs.front().command,
              ElementsAre("./a", "-n", "--help", "-x"));
  EXPECT_THAT(run({"--", "-a", "b"}).programs.front().command, ElementsAre("-a", "b"));
}

TEST(CommandLine, SeveralProgramsHaveTheirOwnOptions) {
  const RunOptions options =
      run({"-l", "-H",  "a",  "-n",  "1",      "-x", "A=1",      "./master", ":", "-n",      "3",
           "-H", "b,c", "-x", "A=2", "--wdir", "/w", "./worker", "x",        ":", "./other", "-n"});
  ASSERT_EQ(options.programs.size(), 3u);
  const auto& [master, worker, other] =
      std::tie(options.programs[0], options.programs[1], options.programs[2]);
  EXPECT_TRUE(options.label);
  EXPECT_THAT(master.command, ElementsAre("./master"));
  EXPECT_THAT(master.environment, ElementsAre("A=1"));
  EXPECT_EQ(master.placement.ranks, 1u);
  EXPECT_THAT(worker.command, ElementsAre("./worker", "x"));
  EXPECT_THAT(worker.environment, ElementsAre("A=2"));
  EXPECT_EQ(worker.placement.ranks, 3u);
  EXPECT_EQ(worker.hosts.size(), 2u);
  EXPECT_EQ(worker.directory, "/w");
  EXPECT_THAT(other.command, ElementsAre("./other", "-n"));
  EXPECT_EQ(other.placement, hosts::PlacementRequest{});
}

TEST(CommandLine, AProgramIsMissingBesideAColon) {
  for (const Arguments& arguments :
       {Arguments{":", "./a"}, {"./a", ":"}, {"./a", ":", "-n", "2"}}) {
    EXPECT_EQ(refusal(arguments),
              "prun: a program is missing beside a colon; for example: prun -n 1 ./master : -n 3 "
              "./worker");
  }
}

TEST(CommandLine, NoProgram) {
  const std::string text =
      "prun: no program given; for example: prun -H rpi1,rpi2,rpi3,rpi4 ./prime 100000, or prun -n "
      "4 ./hello";
  EXPECT_EQ(refusal({}), text);
  EXPECT_EQ(refusal({"-n", "4"}), text);
  EXPECT_EQ(refusal({"-n", "4", "--"}), text);
  EXPECT_EQ(refusal({""}), text);
}

TEST(CommandLine, UnknownOption) {
  EXPECT_EQ(
      refusal({"--hostfiel", "x", "./a"}),
      "prun: unknown option '--hostfiel'; did you mean --hostfile? `prun --help` lists them all");
}

TEST(CommandLine, Version) {
  for (const std::string spelling : {"-V", "--version", "-version"}) {
    const Printout printout = printed({spelling});
    EXPECT_FALSE(printout.is_error);
    EXPECT_EQ(printout.exit_status, 0);
    EXPECT_THAT(printout.text, StartsWith("prun 0.1.0 (message-passing runtime and launcher)\n"));
    EXPECT_THAT(printout.text, HasSubstr("not the prun of PRRTE"));
  }
}

TEST(CommandLine, TuningTakesNoProgram) {
  const auto options = parse({"--tune", "-H", "a,b"}, {});
  ASSERT_TRUE(std::holds_alternative<RunOptions>(options));
  EXPECT_TRUE(std::get<RunOptions>(options).tune);
  EXPECT_EQ(std::get<RunOptions>(options).programs.front().hosts.size(), 2u);
  const Printout refused = printed({"--tune", "-n", "2", "./a"});
  EXPECT_TRUE(refused.is_error);
  EXPECT_NE(refused.text.find("--tune takes no program"), std::string::npos) << refused.text;
  const Printout second = printed({"--tune", ":", "-n", "2"});
  EXPECT_TRUE(second.is_error);
  EXPECT_NE(second.text.find("--tune takes no program"), std::string::npos) << second.text;
}

TEST(CommandLine, HelpFitsAScreenOf80Columns) {
  for (const std::string spelling : {"-h", "--help", "-help"}) {
    const Printout printout = printed({"-n", "4", spelling, "./a"});
    EXPECT_FALSE(printout.is_error);
    EXPECT_EQ(printout.exit_status, 0);
    std::istringstream lines(printout.text);
    std::string line;
    int count = 0;
    while (std::getline(lines, line)) {
      EXPECT_LE(line.size(), 80u) << line;
      EXPECT_TRUE(line.empty() || line.back() != ' ') << line;
      ++count;
    }
    EXPECT_LE(count, 60);
  }
}

TEST(CommandLine, EveryOptionThatHelpNamesIsKnown) {
  std::istringstream words(printed({"--help"}).text);
  std::string word;
  int seen = 0;
  while (words >> word) {
    const auto end = word.find_first_of(",;:)");
    word = word.substr(word.front() == '(' ? 1 : 0, end);
    if (word.size() < 2 || word.front() != '-') continue;
    ++seen;
    auto parsed = parse({word, "1", "1"}, {});
    const auto* printout = std::get_if<Printout>(&parsed);
    EXPECT_TRUE(printout == nullptr || printout->text.find("unknown option") == std::string::npos)
        << word;
  }
  EXPECT_GT(seen, 20);
}

}  // namespace
}  // namespace prun::cli
