#include "launcher/doctor/probe.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <ctime>
#include <memory>
#include <string>

#include "launcher/doctor/login_words.hpp"

namespace prun::doctor {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

HostFacts answer(const std::vector<std::string>& lines) {
  HostFacts facts;
  ProbeReply reply(facts);
  for (const auto& line : lines) reply.feed(line);
  return facts;
}

TEST(ProbeReply, TakesFacts) {
  const HostFacts facts = answer({"",
                                  "prun-probe 1",
                                  "connection 10.77.0.1 40000 10.77.0.2 2222",
                                  "name rpi2",
                                  "machine armv7l",
                                  "kernel Linux 6.1.21-v7+",
                                  "bits 32",
                                  "user 1000",
                                  "cores 4",
                                  "MemTotal: 948304",
                                  "MemAvailable: 700000",
                                  "model Raspberry Pi 3 Model B Rev 1.2",
                                  "loopback 127.0.1.1",
                                  "link eth0 100 full ",
                                  "throttled throttled=0x50005",
                                  "heat 48312",
                                  "agent kept armhf-0123abcd",
                                  "place 123456 w /home/pi/.cache/prun",
                                  "place 10 - /dev/shm",
                                  "place 10 n /var/tmp",
                                  "cache open /home/pi/.cache/prun",
                                  "end"});
  EXPECT_EQ(facts.address, "10.77.0.2");
  EXPECT_EQ(facts.port, 2222);
  EXPECT_EQ(facts.own_name, "rpi2");
  EXPECT_EQ(facts.machine, "armv7l");
  EXPECT_EQ(facts.kernel, "Linux 6.1.21-v7+");
  EXPECT_EQ(facts.bits, 32u);
  EXPECT_FALSE(facts.is_root);
  EXPECT_EQ(facts.cores, 4u);
  EXPECT_EQ(facts.memory_kb, 948304u);
  EXPECT_EQ(facts.available_kb, 700000u);
  EXPECT_EQ(facts.model, "Raspberry Pi 3 Model B Rev 1.2");
  EXPECT_THAT(facts.own_name_at, ElementsAre("127.0.1.1"));
  ASSERT_TRUE(facts.interface);
  EXPECT_EQ(facts.interface->name, "eth0");
  EXPECT_EQ(facts.interface->mbit, 100u);
  EXPECT_EQ(facts.interface->duplex, "full");
  EXPECT_FALSE(facts.interface->wireless);
  ASSERT_TRUE(facts.power);
  EXPECT_EQ(facts.power->bits, 0x50005u);
  EXPECT_DOUBLE_EQ(*facts.celsius, 48.312);
  EXPECT_EQ(facts.agent, AgentState::kept);
  EXPECT_EQ(facts.architecture, "armhf");
  ASSERT_THAT(facts.places, SizeIs(3));
  EXPECT_EQ(facts.places[0].path, "/home/pi/.cache/prun");
  EXPECT_TRUE(facts.places[0].writable);
  EXPECT_TRUE(facts.places[0].runs_programs);
  EXPECT_FALSE(facts.places[1].writable);
  EXPECT_TRUE(facts.places[2].writable);
  EXPECT_FALSE(facts.places[2].runs_programs);
  EXPECT_EQ(facts.cache_fault, CacheFault::open);
  EXPECT_EQ(facts.cache, "/home/pi/.cache/prun");
  EXPECT_TRUE(facts.noise.empty());
}

TEST(ProbeReply, KeepsNoiseOfTheLoginShellForTheUser) {
  const HostFacts facts =
      answer({"Welcome to \x1b[31mrpi2\x1b[0m!", "no end of line", "prun-probe 1", "name rpi2"});
  EXPECT_EQ(facts.noise, "Welcome to  [31mrpi2 [0m!; no end of line");
  EXPECT_EQ(facts.own_name, "rpi2");
}

TEST(ProbeReply, NothingBeforeTheGreetingIsAFact) {
  EXPECT_TRUE(answer({"name liar", "machine vax", "end"}).own_name.empty());
}

TEST(ProbeReply, SurvivesLies) {
  const HostFacts facts = answer({"prun-probe 1",
                                  "connection a b c d",
                                  "name \x1b]0;owned\x07",
                                  "cores 99999999999999999999",
                                  "cores -4",
                                  "MemTotal: many",
                                  "heat -1",
                                  "link eth0 unknown! sideways",
                                  "throttled throttled=",
                                  "throttled zzz",
                                  "voltage-alarm",
                                  "agent",
                                  "place",
                                  "place x y",
                                  "cache",
                                  "cache on fire",
                                  "unheard-of 12",
                                  "",
                                  " ",
                                  "end"});
  EXPECT_TRUE(facts.address.empty());
  EXPECT_THAT(facts.own_name, Not(HasSubstr("\x1b")));
  EXPECT_EQ(facts.cores, 0u);
  EXPECT_EQ(facts.memory_kb, 0u);
  EXPECT_FALSE(facts.celsius);
  EXPECT_FALSE(facts.interface->mbit);
  EXPECT_TRUE(facts.interface->duplex.empty());
  EXPECT_FALSE(facts.power);
}

// They stand in commands that the user is told to type.
TEST(ProbeReply, NamesAHostTellsCannotBeCommands) {
  const HostFacts facts = answer({"prun-probe 1", "name x';reboot;'$(id)`id`", "machine vax|sh",
                                  "link eth0;reboot 100 full ", "agent absent a&b-12"});
  EXPECT_EQ(facts.own_name, "x__reboot____id__id_");
  EXPECT_EQ(facts.machine, "vax_sh");
  EXPECT_EQ(facts.interface->name, "eth0_reboot");
  EXPECT_EQ(facts.architecture, "a_b");
  EXPECT_EQ(answer({"prun-probe 1", "name -rf"}).own_name, "_rf");
}

TEST(ProbeReply, StopsAtWhatHasNoEnd) {
  HostFacts facts;
  ProbeReply reply(facts);
  const std::string line(1000, 'y');
  int fed = 0;
  while (reply.feed(line) != ProbeReply::State::too_much) ASSERT_LT(++fed, 1000);
  EXPECT_LT(facts.noise.size(), 1000u);
  EXPECT_EQ(reply.feed("prun-probe 1"), ProbeReply::State::too_much);

  HostFacts others;
  ProbeReply places(others);
  places.feed("prun-probe 1");
  for (int i = 0; i < 1000; ++i) places.feed("place 1 w /tmp");
  for (int i = 0; i < 1000; ++i) places.feed("loopback 127.0.0." + std::to_string(i));
  EXPECT_LT(others.places.size(), 20u);
  EXPECT_LT(others.own_name_at.size(), 20u);
}

TEST(ProbeReply, AnInterfaceThatHasASpeedComesFirst) {
  EXPECT_EQ(answer({"prun-probe 1", "link docker0 - - ", "link eth0 1000 full "}).interface->name,
            "eth0");
  EXPECT_EQ(answer({"prun-probe 1", "link eth0 1000 full ", "link docker0 - - "}).interface->name,
            "eth0");
  EXPECT_TRUE(answer({"prun-probe 1", "link wlan0 - - wireless"}).interface->wireless);
}

TEST(ProbeReply, AVoltageAlarmOfTheKernelCounts) {
  EXPECT_EQ(answer({"prun-probe 1", "voltage-alarm 1"}).power->bits, 0x10000u);
  EXPECT_EQ(answer({"prun-probe 1", "voltage-alarm 0"}).power->bits, 0u);
}

TEST(TimeOfDay, IsReadWithAndWithoutAFraction) {
  EXPECT_EQ(parse_time_of_day("1763737200.000000001")->since_epoch, 1763737200s + 1ns);
  EXPECT_EQ(parse_time_of_day("1763737200.000000001")->unit, 1ns);
  for (const char* text : {"1763737200", "1763737200.%N", "1763737200.N", "1763737200."}) {
    EXPECT_EQ(parse_time_of_day(text)->since_epoch, 1763737200s) << text;
    EXPECT_EQ(parse_time_of_day(text)->unit, 1s) << text;
  }
  for (const char* text : {"", "now", "-5", "99999999999999999999", "12345678901234"})
    EXPECT_FALSE(parse_time_of_day(text)) << text;
}

TEST(ClockReading, IsWithinHalfTheRoundTrip) {
  const auto reading = clock_reading(100s, {107s + 5ms, 1ns}, 100s + 10ms);
  EXPECT_EQ(reading.ahead, 7s);
  EXPECT_EQ(reading.error, 5ms);
  const auto behind = clock_reading(100s, {40s, 1s}, 100s + 10ms);
  EXPECT_EQ(behind.ahead, -60s + 500ms - 5ms);
  EXPECT_EQ(behind.error, 505ms);
}

TEST(Throttled, IsReadAsBothTellIt) {
  EXPECT_EQ(parse_throttled("throttled=0x0")->bits, 0u);
  EXPECT_EQ(parse_throttled("throttled=0x50005")->bits, 0x50005u);
  EXPECT_EQ(parse_throttled("50005")->bits, 0x50005u);
  EXPECT_FALSE(parse_throttled(""));
  EXPECT_FALSE(parse_throttled("throttled="));
  EXPECT_FALSE(parse_throttled("VCHI initialization failed"));
}

// What sh on this machine makes of the script, its input closed.
std::vector<std::string> ask_this_machine(const std::string& shell,
                                          const std::string& variables = {}) {
  const std::string script = probe_script({}, "");
  const std::string path = ::testing::TempDir() + "/prun-probe-" + std::to_string(::getpid());
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "w"), std::fclose);
  std::fputs(script.c_str(), file.get());
  file.reset();
  std::vector<std::string> lines;
  const std::string command =
      "unset SSH_CONNECTION; echo one | " + variables + " " + shell + " " + path;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> out(::popen(command.c_str(), "r"), ::pclose);
  std::array<char, 512> line{};
  while (std::fgets(line.data(), line.size(), out.get()) != nullptr) {
    lines.emplace_back(line.data());
    if (!lines.back().empty() && lines.back().back() == '\n') lines.back().pop_back();
  }
  ::unlink(path.c_str());
  return lines;
}

class ProbeScriptIn : public ::testing::TestWithParam<const char*> {};

TEST_P(ProbeScriptIn, TellsOfThisMachine) {
  const std::string shell = GetParam();
  const auto lines = ask_this_machine(shell);
  HostFacts facts;
  ProbeReply reply(facts);
  for (const auto& line : lines) reply.feed(line);
  EXPECT_EQ(reply.state(), ProbeReply::State::clock);
  ASSERT_TRUE(reply.time_of_day());
  EXPECT_NEAR(std::chrono::duration<double>(reply.time_of_day()->since_epoch).count(),
              static_cast<double>(std::time(nullptr)), 30);
  utsname own{};
  ASSERT_EQ(::uname(&own), 0);
  EXPECT_EQ(facts.machine, own.machine);
  EXPECT_EQ(facts.own_name, own.nodename);
  EXPECT_EQ(facts.kernel, std::string("Linux ") + own.release);
  EXPECT_EQ(facts.is_root, ::geteuid() == 0);
  EXPECT_GT(facts.cores, 0u);
  EXPECT_GT(facts.memory_kb, 0u);
  EXPECT_EQ(facts.agent, AgentState::not_available);
  EXPECT_THAT(facts.places, SizeIs(4));
  EXPECT_TRUE(facts.noise.empty());
}

TEST_P(ProbeScriptIn, LooksAtTheCacheFolder) {
  std::string folder = ::testing::TempDir() + "/prun-probe-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const std::string cache = folder + "/prun";
  const auto fault = [&] {
    HostFacts facts;
    ProbeReply reply(facts);
    for (const auto& line : ask_this_machine(GetParam(), "XDG_CACHE_HOME=" + folder))
      reply.feed(line);
    EXPECT_EQ(facts.cache, facts.cache_fault == CacheFault::none ? "" : cache);
    return facts.cache_fault;
  };
  EXPECT_EQ(fault(), CacheFault::none);
  ASSERT_EQ(::mkdir(cache.c_str(), 0700), 0);
  EXPECT_EQ(fault(), CacheFault::none);
  ASSERT_EQ(::chmod(cache.c_str(), 0750), 0);
  EXPECT_EQ(fault(), CacheFault::open);
  ::rmdir(cache.c_str());
  ASSERT_EQ(::symlink("/", cache.c_str()), 0);
  EXPECT_EQ(fault(), CacheFault::not_own);
  ::unlink(cache.c_str());
  ::rmdir(folder.c_str());
}

INSTANTIATE_TEST_SUITE_P(Shells, ProbeScriptIn, ::testing::Values("sh", "bash"));

TEST(ProbeScript, IsOneLineAndTakesNoStrangersWords) {
  EXPECT_EQ(probe_script({}, "").find('\n'), std::string::npos);
  EXPECT_THAT(probe_script({}, "10.0.0.1"), HasSubstr("10.0.0.1"));
  EXPECT_THAT(probe_script({}, "$(reboot)"), Not(HasSubstr("reboot")));
}

constexpr const char* login =
    "OpenSSH_9.2p1 Debian-2+deb12u3, OpenSSL 3.0.15 3 Sep 2024\r\n"
    "debug1: Reading configuration data /etc/ssh/ssh_config\r\n"
    "debug1: Connecting to rpi2 [10.77.0.2] port 2222.\r\n"
    "debug1: Connection established.\r\n"
    "debug1: Server host key: ssh-ed25519 SHA256:abc\r\n"
    "A banner of the host\r\n"
    "debug1: Offering public key: /home/pi/.ssh/id_rsa RSA SHA256:xyz agent\r\n"
    "debug1: Server accepts key: /home/pi/.ssh/id_ed25519 ED25519 SHA256:def explicit\r\n"
    "Authenticated to rpi2 ([10.77.0.2]:2222) using \"publickey\".\r\n";

TEST(LoginWords, TellAddressAndKeys) {
  HostFacts facts;
  take_login_words(login, facts);
  EXPECT_EQ(facts.address, "10.77.0.2");
  EXPECT_EQ(facts.port, 2222);
  EXPECT_EQ(facts.host_key, "ssh-ed25519 SHA256:abc");
  EXPECT_EQ(facts.key, "/home/pi/.ssh/id_ed25519 ED25519 SHA256:def");
  EXPECT_EQ(without_debug(login), "A banner of the host\n");
}

TEST(LoginWords, SurviveLies) {
  HostFacts facts;
  take_login_words(
      "debug1: Connecting to ]port[\ndebug1: Connecting to rpi2 [not-one] port x\n"
      "debug1: Connecting to \ndebug1: Server host key: \ndebug1: Server accepts key: ",
      facts);
  EXPECT_TRUE(facts.address.empty());
  EXPECT_EQ(facts.port, 0);
}

}  // namespace
}  // namespace prun::doctor
