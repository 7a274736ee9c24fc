#include "launcher/doctor/findings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>

#include "launcher/doctor/json.hpp"
#include "launcher/doctor/table.hpp"
#include "launcher/doctor/trial_runs.hpp"
#include "launcher/hosts/host_words.hpp"

namespace prun::doctor {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

HostFacts healthy(int number) {
  HostFacts facts;
  facts.host.name = "rpi" + std::to_string(number);
  facts.addresses = {"10.77.0." + std::to_string(number)};
  facts.address = facts.addresses.front();
  facts.port = 22;
  facts.key = "/home/pi/.ssh/id_ed25519 ED25519 SHA256:abc";
  facts.own_name = facts.host.name;
  facts.machine = "aarch64";
  facts.kernel = "Linux 6.1.0";
  facts.bits = 64;
  facts.cores = 4;
  facts.memory_kb = 4000000;
  facts.available_kb = 3000000;
  facts.agent = AgentState::will_be_sent;
  facts.architecture = "aarch64";
  facts.places = {{"/home/pi/.cache/prun", 1000000, true, true}, {"/tmp", 1000000, true, true}};
  facts.clock = ClockReading{2ms, 1ms};
  facts.interface = NetworkInterface{"eth0", 100, "full", false};
  return facts;
}

// Links of 94 Mbit/s among all; a slow host has a tenth.
Examination cluster(std::size_t hosts, std::vector<std::size_t> slow = {}) {
  Examination examination;
  for (std::size_t i = 0; i < hosts; ++i)
    examination.hosts.push_back(healthy(static_cast<int>(i) + 1));
  for (std::size_t a = 0; a < hosts; ++a) {
    for (std::size_t b = a + 1; b < hosts; ++b) {
      const bool is_slow = std::find(slow.begin(), slow.end(), a) != slow.end() ||
                           std::find(slow.begin(), slow.end(), b) != slow.end();
      const double speed = is_slow ? 1.17e6 : 11.7e6;
      examination.pairs.push_back({a, b, 3e-4, speed, speed});
    }
  }
  examination.all_pairs = examination.pairs.size();
  return examination;
}

std::vector<std::string> ids(const Examination& examination) {
  std::vector<std::string> found;
  for (const auto& finding : find_faults(examination)) found.push_back(finding.id);
  return found;
}

// The only finding.
Finding finding(const Examination& examination) {
  const auto found = find_faults(examination);
  EXPECT_EQ(found.size(), 1u);
  return found.empty() ? Finding{} : found.front();
}

TEST(Findings, AreNoneWhereAllIsWell) {
  for (const std::size_t hosts : {1u, 2u, 3u, 8u}) {
    EXPECT_THAT(ids(cluster(hosts)), IsEmpty()) << hosts;
    EXPECT_EQ(exit_status_of(find_faults(cluster(hosts))), 0);
  }
}

TEST(Findings, AHostThatCannotBeReachedIsAFailureWithItsCause) {
  auto examination = cluster(3);
  examination.hosts[1].trouble =
      Trouble{"port-closed", "no ssh server listens", "sudo systemctl enable --now ssh"};
  const auto found = finding(examination);
  EXPECT_EQ(found.severity, Severity::failure);
  EXPECT_EQ(found.id, "port-closed");
  EXPECT_THAT(found.hosts, ElementsAre(1u));
  EXPECT_EQ(found.repair, "sudo systemctl enable --now ssh");
  EXPECT_EQ(exit_status_of(find_faults(examination)), 2);
}

TEST(Findings, NoiseOfALoginShell) {
  auto examination = cluster(2);
  examination.hosts[1].noise = "Welcome!";
  const auto found = finding(examination);
  EXPECT_EQ(found.id, "login-noise");
  EXPECT_THAT(found.sentence, HasSubstr("\"Welcome!\""));
  EXPECT_THAT(found.repair, HasSubstr("ssh rpi2 \"grep "));
  EXPECT_EQ(exit_status_of({found}), 1);
}

TEST(Findings, TheOwnNameAtALoopbackAddress) {
  auto examination = cluster(2);
  examination.hosts[1].own_name_at = {"127.0.1.1"};
  auto found = finding(examination);
  EXPECT_EQ(found.id, "own-name-loopback");
  EXPECT_THAT(found.sentence, HasSubstr("127.0.1.1"));
  EXPECT_THAT(found.repair, HasSubstr("ssh -t rpi2 \"sudo sed -i "));
  EXPECT_THAT(found.repair, HasSubstr("1i 10.77.0.2 rpi2"));
  examination.hosts[1].is_root = true;
  EXPECT_THAT(finding(examination).repair, Not(HasSubstr("sudo")));
  // Of this machine: typed here.
  examination.hosts[1].local = true;
  EXPECT_THAT(finding(examination).repair, ::testing::StartsWith("sed -i"));
}

TEST(Findings, AClockThatIsOffByMoreThanItsErrorAllows) {
  auto examination = cluster(2);
  examination.hosts[1].clock = ClockReading{-90s, 4ms};
  const auto found = finding(examination);
  EXPECT_EQ(found.id, "clock-offset");
  EXPECT_THAT(found.sentence, HasSubstr("90.000 s (give or take 0.004) behind"));
  EXPECT_THAT(found.repair, HasSubstr("timedatectl set-ntp true"));
  examination.hosts[1].clock = ClockReading{1500ms, 600ms};
  EXPECT_THAT(ids(examination), IsEmpty());
}

TEST(Findings, PowerAndHeatOfABoard) {
  auto examination = cluster(2);
  const auto with = [&](std::uint32_t bits) {
    examination.hosts[0].power = PowerState{bits};
    return ids(examination);
  };
  EXPECT_THAT(with(0), IsEmpty());
  EXPECT_THAT(with(0x1), ElementsAre("under-voltage"));
  EXPECT_THAT(with(0x10000), ElementsAre("under-voltage-seen"));
  EXPECT_THAT(with(0x4), ElementsAre("throttled"));
  EXPECT_THAT(with(0xE0000), ElementsAre("throttled-seen"));
  EXPECT_THAT(with(0x50005), ElementsAre("under-voltage", "throttled"));
  examination.hosts[0].power.reset();
  examination.hosts[0].celsius = 84;
  EXPECT_THAT(ids(examination), ElementsAre("hot"));
}

TEST(Findings, TwoNamesForOneMachine) {
  auto examination = cluster(3);
  examination.hosts[2].host.name = "10.77.0.2";
  examination.hosts[2].own_name = "rpi2";
  examination.hosts[2].address = "10.77.0.2";
  const auto found = finding(examination);
  EXPECT_EQ(found.id, "two-names");
  EXPECT_THAT(found.hosts, ElementsAre(1u, 2u));
  EXPECT_THAT(found.repair, HasSubstr("-H rpi2:2"));
  // Behind one router at two ports stand two machines.
  examination.hosts[2].port = 2222;
  EXPECT_THAT(ids(examination), ElementsAre("one-own-name"));
}

TEST(Findings, OneNameForTwoAddresses) {
  auto examination = cluster(2);
  examination.hosts[1].addresses = {"10.77.0.2", "10.77.0.9", "fe80::1"};
  const auto found = finding(examination);
  EXPECT_EQ(found.id, "one-name");
  EXPECT_THAT(found.sentence, HasSubstr("10.77.0.2 and 10.77.0.9"));
  EXPECT_THAT(found.repair, HasSubstr("-H 10.77.0.2"));
}

TEST(Findings, MachinesThatCallThemselvesTheSame) {
  auto examination = cluster(3);
  examination.hosts[1].own_name = "raspberrypi";
  examination.hosts[2].own_name = "raspberrypi";
  const auto found = finding(examination);
  EXPECT_EQ(found.id, "one-own-name");
  EXPECT_THAT(found.hosts, ElementsAre(1u, 2u));
  EXPECT_THAT(found.repair, HasSubstr("hostnamectl set-hostname rpi3"));
}

TEST(Findings, ASlowHostIsNamedOnceAndNotItsPartners) {
  for (const std::size_t hosts : {3u, 4u, 8u}) {
    const auto found = finding(cluster(hosts, {1}));
    EXPECT_EQ(found.id, "slow-link");
    EXPECT_THAT(found.hosts, ElementsAre(1u));
    EXPECT_THAT(found.sentence, HasSubstr("9.4"));
    EXPECT_THAT(found.repair, HasSubstr("ethtool eth0"));
  }
  EXPECT_THAT(ids(cluster(4, {1, 2})), ElementsAre("slow-link", "slow-link"));
}

TEST(Findings, OneSlowDirectionIsEnough) {
  auto examination = cluster(4);
  for (auto& pair : examination.pairs) {
    if (pair.first == 0) pair.there_bytes_per_second = 1e6;
  }
  EXPECT_EQ(finding(examination).id, "slow-link");
}

TEST(Findings, ASlowPairIsNobodysFaultAlone) {
  auto examination = cluster(4);
  examination.pairs[0].there_bytes_per_second = 1e6;
  const auto found = finding(examination);
  EXPECT_EQ(found.id, "slow-pair");
  EXPECT_THAT(found.hosts, ElementsAre(0u, 1u));
}

TEST(Findings, AnswersThatTakeLong) {
  auto examination = cluster(4);
  for (auto& pair : examination.pairs) {
    if (pair.second == 3) pair.round_trip_seconds = 0.02;
  }
  EXPECT_EQ(finding(examination).id, "slow-answers");
}

TEST(Findings, InterfacesThatHaveAgreedOnLittle) {
  auto examination = cluster(2);
  examination.hosts[0].interface->mbit = 10;
  EXPECT_EQ(finding(examination).id, "link-speed");
  examination.hosts[0].interface->mbit = 1000;
  EXPECT_THAT(ids(examination), IsEmpty());
  examination.hosts[0].interface->duplex = "half";
  EXPECT_EQ(finding(examination).id, "half-duplex");
}

TEST(Findings, WhatTheAgentNeeds) {
  auto examination = cluster(2);
  examination.hosts[1].agent = AgentState::not_available;
  EXPECT_EQ(finding(examination).id, "no-agent");
  EXPECT_EQ(finding(examination).severity, Severity::failure);
  examination.hosts[1].agent = AgentState::will_be_sent;
  examination.hosts[1].places = {{"/home/pi/.cache/prun", 100, true, true},
                                 {"/tmp", 1000000, false, false}};
  EXPECT_EQ(finding(examination).id, "no-room");
  examination.hosts[1].places = {{"/home/pi/.cache/prun", 1000000, false, false},
                                 {"/tmp", 1000000, true, true}};
  EXPECT_EQ(finding(examination).id, "cache-read-only");
  examination.hosts[1].places[0] = {"/home/pi/.cache/prun", 1000000, true, false};
  EXPECT_EQ(finding(examination).id, "cache-noexec");
  examination.hosts[1].places[0] = {"/home/pi/.cache/prun", 100, true, true};
  EXPECT_EQ(finding(examination).id, "cache-full");
  examination.hosts[1].agent = AgentState::kept;
  EXPECT_THAT(ids(examination), IsEmpty());
}

TEST(Findings, ACacheFolderThatOthersGetAt) {
  auto examination = cluster(2);
  examination.hosts[1].cache = "/home/$(reboot)/.cache/prun";
  EXPECT_THAT(ids(examination), IsEmpty());
  examination.hosts[1].cache_fault = CacheFault::open;
  auto found = finding(examination);
  EXPECT_EQ(found.id, "cache-open");
  EXPECT_EQ(found.repair, "ssh rpi2 \"chmod 700 \\${XDG_CACHE_HOME:-~/.cache}/prun\"");
  examination.hosts[1].cache_fault = CacheFault::not_own;
  found = finding(examination);
  EXPECT_EQ(found.id, "cache-not-own");
  EXPECT_THAT(found.repair, HasSubstr("sudo rm -rf "));
  EXPECT_THAT(found.repair, Not(HasSubstr("reboot")));
}

TEST(Findings, WhatAgentsSayOfTheProgram) {
  auto examination = cluster(3);
  examination.program = {"./prime", "100"};
  EXPECT_TRUE(take_program_line("rpi1, rpi3: cannot run ./prime: it is not executable (chmod +x)",
                                true, examination));
  EXPECT_FALSE(take_program_line("nothing: was started", true, examination));
  EXPECT_FALSE(take_program_line("no names at all", true, examination));
  const auto found = finding(examination);
  EXPECT_EQ(found.id, "program");
  EXPECT_EQ(found.severity, Severity::failure);
  EXPECT_THAT(found.hosts, ElementsAre(0u, 2u));
  EXPECT_EQ(found.repair, "chmod +x ./prime");
}

TEST(Findings, FailuresComeFirst) {
  auto examination = cluster(3);
  examination.hosts[0].noise = "hi";
  examination.hosts[2].trouble = Trouble{"no-answer", "nothing", "ping rpi3"};
  EXPECT_THAT(ids(examination), ElementsAre("no-answer", "login-noise"));
}

TEST(PairLines, AreTakenByTheRanksHosts) {
  auto examination = cluster(3);
  examination.pairs.clear();
  EXPECT_TRUE(take_pair_line("pair 0 1 0.000210 11700000 11800000", {2, 0}, examination));
  ASSERT_EQ(examination.pairs.size(), 1u);
  EXPECT_EQ(examination.pairs[0].first, 2u);
  EXPECT_EQ(examination.pairs[0].second, 0u);
  EXPECT_DOUBLE_EQ(examination.pairs[0].round_trip_seconds, 0.00021);
  EXPECT_DOUBLE_EQ(examination.pairs[0].back_bytes_per_second, 11.8e6);
  for (const char* line : {"", "pair", "pair 0 2 1 1 1", "pair 0 1 x 1 1", "pair 0 1 1 1",
                           "pair 0 1 1 1 1 1", "hello"})
    EXPECT_FALSE(take_pair_line(line, {2, 0}, examination)) << line;
}

TEST(AsListed, IsWhatDashHTakes) {
  hosts::Host host;
  host.name = "rpi1";
  EXPECT_EQ(hosts::as_listed(host), "rpi1");
  host.user = "pi";
  EXPECT_EQ(hosts::as_listed(host), "pi@rpi1");
  host.port = 2222;
  EXPECT_EQ(hosts::as_listed(host), "ssh://pi@rpi1:2222");
  host = {};
  host.name = "fe80::1";
  EXPECT_EQ(hosts::as_listed(host), "[fe80::1]");
}

TEST(Table, HasARowForEachHostAndTheRepairs) {
  auto examination = cluster(3);
  examination.hosts[1].trouble = Trouble{"port-closed", "no ssh server listens on the port",
                                         "sudo systemctl enable --now ssh"};
  examination.hosts[2].noise = "hi";
  const std::string text = table_text(examination, find_faults(examination));
  EXPECT_THAT(text, HasSubstr("rpi1  10.77.0.1  22    ED25519"));
  EXPECT_THAT(text, HasSubstr("rpi2  10.77.0.2  22    cannot be used: port-closed\n"));
  EXPECT_THAT(text, HasSubstr("+2.0 +-1.0 ms"));
  EXPECT_THAT(text, HasSubstr("eth0 100 Mbit/s full"));
  EXPECT_THAT(text, HasSubstr("94 (0.30)"));
  EXPECT_THAT(text, HasSubstr("FAILURE  rpi2: no ssh server listens on the port\n    sudo "
                              "systemctl enable --now ssh\n"));
  EXPECT_THAT(text, HasSubstr("3 hosts: 1 failure, 1 warning\n"));
  EXPECT_THAT(table_text(cluster(1), {}), HasSubstr("1 host: all is well\n"));
}

TEST(Table, ManyHostsAreAListAndASampleSaysSo) {
  auto examination = cluster(14);
  examination.all_pairs = 1000;
  const std::string text = table_text(examination, {});
  EXPECT_THAT(text, HasSubstr("91 of 1000 links were measured"));
  EXPECT_THAT(text, Not(HasSubstr("from rpi1")));
}

TEST(DoctorJson, HoldsEverything) {
  auto examination = cluster(2);
  examination.hosts[0].power = PowerState{0x50001};
  examination.hosts[1].noise = "caf\xe9 \"quoted\"";
  examination.hosts[1].clock.reset();
  const auto json = nlohmann::json::parse(json_text(examination, find_faults(examination)));
  EXPECT_EQ(json["exit_status"], 1);
  ASSERT_EQ(json["hosts"].size(), 2u);
  EXPECT_EQ(json["hosts"][0]["name"], "rpi1");
  EXPECT_EQ(json["hosts"][0]["interface"]["mbit"], 100);
  EXPECT_EQ(json["hosts"][0]["power"]["now"]["too_little_voltage"], true);
  EXPECT_EQ(json["hosts"][0]["power"]["since_start"]["throttled"], true);
  EXPECT_DOUBLE_EQ(json["hosts"][0]["clock"]["ahead_seconds"], 0.002);
  EXPECT_TRUE(json["hosts"][1]["clock"].is_null());
  EXPECT_EQ(json["links"][0]["from"], "rpi1");
  EXPECT_EQ(json["links"][0]["to"], "rpi2");
  ASSERT_EQ(json["findings"].size(), 3u);
  EXPECT_EQ(json["findings"][0]["id"], "under-voltage");
  EXPECT_EQ(json["findings"][2]["hosts"][0], "rpi2");
  EXPECT_FALSE(json["findings"][2]["repair"].get<std::string>().empty());
}

}  // namespace
}  // namespace prun::doctor
