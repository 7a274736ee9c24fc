#include "launcher/hosts/local_host.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <map>

namespace prun::hosts {
namespace {

using testing::Contains;
using testing::ElementsAre;

ThisMachine rpi1() {
  return {"rpi1", "pi", {"127.0.0.1", "::1", "192.168.0.101", "fe80::ba27:1%eth0"}};
}

Host host(std::string name) {
  Host result;
  result.name = std::move(name);
  return result;
}

std::vector<std::string> knows_no_name(const std::string& name) {
  ADD_FAILURE() << "asked for " << name;
  return {};
}

bool is_local(const std::string& name) {
  return is_this_machine(host(name), rpi1(), knows_no_name);
}

bool resolves_local(const std::string& name, const std::vector<std::string>& addresses) {
  return is_this_machine(host(name), rpi1(), [&](const std::string& asked) {
    EXPECT_EQ(asked, name);
    return addresses;
  });
}

TEST(LocalHost, OwnNames) {
  EXPECT_TRUE(is_local("rpi1"));
  EXPECT_TRUE(is_local("RPI1"));
  EXPECT_TRUE(is_local("rpi1."));
  EXPECT_TRUE(is_local("rpi1.local"));
  EXPECT_TRUE(is_local("localhost"));
}

TEST(LocalHost, LongOwnName) {
  const ThisMachine machine{"rpi1.lab.example", "pi", {}};
  EXPECT_TRUE(is_this_machine(host("rpi1"), machine, knows_no_name));
  EXPECT_TRUE(is_this_machine(host("rpi1.local"), machine, knows_no_name));
  EXPECT_TRUE(is_this_machine(host("rpi1.lab.example"), machine, knows_no_name));
  EXPECT_FALSE(is_this_machine(host("rpi1.other.example"), machine, [](const std::string&) {
    return std::vector<std::string>{"10.0.0.7"};
  }));
}

TEST(LocalHost, Addresses) {
  EXPECT_TRUE(is_local("127.0.0.1"));
  EXPECT_TRUE(is_local("127.0.1.1"));
  EXPECT_TRUE(is_local("::1"));
  EXPECT_TRUE(is_local("0:0:0:0:0:0:0:1"));
  EXPECT_TRUE(is_local("192.168.0.101"));
  EXPECT_TRUE(is_local("::ffff:192.168.0.101"));
  EXPECT_TRUE(is_local("fe80::ba27:1%eth0"));
  EXPECT_FALSE(is_local("192.168.0.102"));
  EXPECT_FALSE(is_local("fe80::2"));
}

TEST(LocalHost, NamesThatResolveHere) {
  EXPECT_TRUE(resolves_local("master", {"192.168.0.101"}));
  EXPECT_TRUE(resolves_local("master", {"10.9.9.9", "127.0.1.1"}));
  EXPECT_FALSE(resolves_local("rpi2", {"192.168.0.102"}));
  EXPECT_FALSE(resolves_local("rpi2", {}));
  EXPECT_FALSE(resolves_local("rpi11", {}));
}

TEST(LocalHost, PortOrOtherUserMeansSsh) {
  Host tunnel = host("localhost");
  tunnel.port = 2222;
  EXPECT_FALSE(is_this_machine(tunnel, rpi1(), knows_no_name));
  Host other = host("rpi1");
  other.user = "root";
  EXPECT_FALSE(is_this_machine(other, rpi1(), knows_no_name));
  other.user = "pi";
  EXPECT_TRUE(is_this_machine(other, rpi1(), knows_no_name));
}

TEST(LocalHost, MachineWithoutNameMatchesNone) {
  const ThisMachine machine{"", "pi", {}};
  EXPECT_FALSE(is_this_machine(host("rpi1"), machine,
                               [](const std::string&) { return std::vector<std::string>(); }));
}

TEST(LocalHost, WholeListAtOnce) {
  const Resolve resolve = [](const std::string& name) {
    return std::vector<std::string>{name == "master" ? "192.168.0.101" : "10.0.0.9"};
  };
  EXPECT_THAT(which_are_this_machine({host("rpi1"), host("rpi2"), host("master"), host("rpi3")},
                                     rpi1(), resolve, std::chrono::seconds(30)),
              ElementsAre(true, false, true, false));
  EXPECT_TRUE(which_are_this_machine({}, rpi1(), resolve, std::chrono::seconds(30)).empty());
}

TEST(LocalHost, ManyNamesAreAllLookedUp) {
  std::vector<Host> hosts;
  for (int i = 0; i < 100; ++i) hosts.push_back(host("other" + std::to_string(i)));
  std::atomic<int> asked = 0;
  const Resolve resolve = [&asked](const std::string&) {
    ++asked;
    return std::vector<std::string>{"192.168.0.101"};
  };
  const auto own = which_are_this_machine(hosts, rpi1(), resolve, std::chrono::seconds(30));
  EXPECT_EQ(asked, 100);
  EXPECT_EQ(std::count(own.begin(), own.end(), true), 100);
}

TEST(LocalHost, SlowNameServerDoesNotHoldTheStartUp) {
  // Outlives the call on purpose: the lookup is still waiting when the answer for the others is
  // given.
  auto gate = std::make_shared<std::promise<void>>();
  auto left = std::make_shared<std::promise<void>>();
  const Resolve resolve = [opened = gate->get_future().share(), left](const std::string& name) {
    if (name != "stuck") return std::vector<std::string>{"192.168.0.101"};
    opened.wait();
    left->set_value();
    return std::vector<std::string>{"192.168.0.101"};
  };
  const auto own = which_are_this_machine({host("stuck"), host("master")}, rpi1(), resolve,
                                          std::chrono::milliseconds(300));
  EXPECT_THAT(own, ElementsAre(false, true));
  gate->set_value();
  EXPECT_EQ(left->get_future().wait_for(std::chrono::seconds(30)), std::future_status::ready);
}

TEST(LocalHost, LookupsTellAddressesOfAllNames) {
  const Resolve resolve = [](const std::string& name) {
    return name == "rpi9"
               ? std::vector<std::string>()
               : std::vector<std::string>{name == "rpi1" ? "127.0.1.1" : "10.0.0.2", "10.0.0.3"};
  };
  const auto found = look_up({host("rpi1"), host("rpi2"), host("rpi9")}, rpi1(), resolve,
                             std::chrono::seconds(30));
  ASSERT_EQ(found.size(), 3u);
  EXPECT_TRUE(found[0].is_this_machine);
  EXPECT_THAT(found[0].addresses, ElementsAre("127.0.1.1", "10.0.0.3"));
  EXPECT_FALSE(found[1].is_this_machine);
  EXPECT_THAT(found[1].addresses, ElementsAre("10.0.0.2", "10.0.0.3"));
  EXPECT_TRUE(found[2].addresses.empty());
  EXPECT_TRUE(look_up({}, rpi1(), resolve, std::chrono::seconds(30)).empty());
}

TEST(LocalHost, FactsOfThisMachine) {
  const ThisMachine machine = describe_this_machine();
  char name[256] = "";
  ASSERT_EQ(gethostname(name, sizeof name - 1), 0);
  EXPECT_EQ(machine.host_name, name);
  EXPECT_FALSE(machine.user.empty());
  EXPECT_THAT(machine.addresses, Contains("127.0.0.1"));
  EXPECT_TRUE(is_this_machine(host(name), machine, resolve_name));
}

TEST(LocalHost, ResolvesByTheSystem) {
  EXPECT_THAT(resolve_name("127.0.0.1"), Contains("127.0.0.1"));
  EXPECT_TRUE(resolve_name("no-such-name.invalid").empty());
}

}  // namespace
}  // namespace prun::hosts
