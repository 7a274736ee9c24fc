#include "launcher/job/network_choice.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "launcher/job/port_room.hpp"

namespace prun::job {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

using Addresses = std::vector<bootstrap::InterfaceAddress>;

HostNetwork remote(const std::string& name, const std::string& server, Addresses addresses) {
  return {name, {false, "10.0.0.9", server}, "network of " + name, std::move(addresses)};
}
HostNetwork here(Addresses addresses) {
  return {"here", {true, "", ""}, "network of here", std::move(addresses)};
}

NetworkRequest wanted(const std::string& text) {
  return {hosts::parse_network_wishes(text).value(), {}};
}

const HostNetwork a = remote("a", "10.0.0.1",
                             {{"lo", "127.0.0.1"},
                              {"eth0", "10.0.0.1"},
                              {"eth1", "10.1.0.1"},
                              {"eth1", "fd00::1"},
                              {"docker0", "172.17.0.1"}});
const HostNetwork b = remote("b", "10.0.0.2",
                             {{"lo", "127.0.0.1"},
                              {"eth0", "10.0.0.2"},
                              {"eth1", "fe80::2"},
                              {"eth1", "fd00::2"},
                              {"docker0", "172.17.0.1"}});

TEST(NetworkChoice, WithoutAWishNothingIsChosen) {
  const auto choice = choose_network({a, b}, {});
  EXPECT_THAT(choice.addresses, ElementsAre("", ""));
  EXPECT_THAT(choice.faults, IsEmpty());
  EXPECT_THAT(choice.suspicions, IsEmpty());
}

TEST(NetworkChoice, AllHaveAddressesOfOneKind) {
  EXPECT_THAT(choose_network({a, b}, wanted("eth0")).addresses,
              ElementsAre("10.0.0.1", "10.0.0.2"));
  // IPv4 comes first, but b has none there.
  EXPECT_THAT(choose_network({a, b}, wanted("eth1")).addresses, ElementsAre("fd00::1", "fd00::2"));
  EXPECT_THAT(choose_network({a}, wanted("eth1")).addresses, ElementsAre("10.1.0.1"));
}

TEST(NetworkChoice, EachHostTakesTheFirstWishItCanFulfil) {
  EXPECT_THAT(choose_network({a, b}, wanted("10.1.0.0/16,eth0")).addresses,
              ElementsAre("10.1.0.1", "10.0.0.2"));
}

TEST(NetworkChoice, AHostWithoutItIsNamedWithWhatItHas) {
  const auto choice = choose_network({a, b}, wanted("10.1.0.0/16"));
  ASSERT_THAT(choice.faults, SizeIs(1));
  EXPECT_EQ(choice.faults[0].host, 1u);
  EXPECT_THAT(choice.faults[0].text, HasSubstr("no address in that network"));
  EXPECT_THAT(choice.faults[0].text,
              HasSubstr("it has lo (127.0.0.1), eth0 (10.0.0.2), eth1 (fe80::2, "
                        "fd00::2), docker0 (172.17.0.1)"));
  EXPECT_THAT(choose_network({a, b}, wanted("eth7")).faults, SizeIs(2));
  EXPECT_THAT(choose_network({a}, wanted("eth7")).faults[0].text, HasSubstr("no such interface"));
}

TEST(NetworkChoice, OneOfIpv4AndOneOfIpv6DoNotMeet) {
  const auto four = remote("four", "10.0.0.4", {{"eth0", "10.0.0.4"}});
  const auto six = remote("six", "10.0.0.6", {{"eth0", "fd00::6"}});
  const auto choice = choose_network({four, six}, wanted("eth0"));
  ASSERT_THAT(choice.faults, SizeIs(1));
  EXPECT_EQ(choice.faults[0].host, 1u);
  EXPECT_THAT(choice.faults[0].text, HasSubstr("IPv6 address there alone"));
}

TEST(NetworkChoice, TheLoopbackIsForOneMachineOnly) {
  EXPECT_THAT(choose_network({a, b}, wanted("lo")).faults, SizeIs(2));
  EXPECT_THAT(choose_network({a, b}, wanted("127.0.0.0/8")).faults, SizeIs(2));
  const auto own = here({{"lo", "127.0.0.1"}});
  EXPECT_THAT(choose_network({own, own}, wanted("lo")).addresses,
              ElementsAre("127.0.0.1", "127.0.0.1"));
}

TEST(NetworkChoice, AnAddressThatTwoHostsHave) {
  const auto choice = choose_network({a, b}, wanted("docker0"));
  ASSERT_THAT(choice.faults, SizeIs(2));
  EXPECT_THAT(choice.faults[0].text, HasSubstr("172.17.0.1 on docker0 is that of b as well"));
  EXPECT_THAT(choice.faults[1].text, HasSubstr("that of a as well"));
  // The same machine under two names, and hosts that do not tell which they are.
  EXPECT_THAT(choose_network({a, a}, wanted("docker0")).faults, IsEmpty());
  HostNetwork silent = a;
  silent.network.clear();
  EXPECT_THAT(choose_network({silent, b}, wanted("docker0")).faults, IsEmpty());
}

TEST(NetworkChoice, WhereSshCameMayBeWrongToo) {
  HostNetwork tunnelled = a;
  tunnelled.reach.server_address = "127.0.0.1";
  const auto choice = choose_network({tunnelled, b}, {});
  ASSERT_THAT(choice.suspicions, SizeIs(1));
  EXPECT_THAT(choice.suspicions[0].text, HasSubstr("by 127.0.0.1 on lo"));
  EXPECT_THAT(choice.faults, IsEmpty());

  HostNetwork twin = b;
  twin.reach.server_address = "10.0.0.1";
  EXPECT_THAT(choose_network({a, twin}, {}).suspicions, SizeIs(2));
  EXPECT_THAT(choose_network({a, a}, {}).suspicions, IsEmpty());
}

TEST(NetworkChoice, WhatIsUnwantedMustNotBeUsed) {
  const NetworkRequest request{{}, hosts::parse_network_wishes("lo,docker0,10.0.0.2/32").value()};
  const auto choice = choose_network({a, b}, request);
  ASSERT_THAT(choice.faults, SizeIs(1));
  EXPECT_EQ(choice.faults[0].host, 1u);
  EXPECT_THAT(choice.faults[0].text,
              HasSubstr("10.0.0.2 on eth0, and 10.0.0.2/32 is to be left out"));
}

TEST(NetworkWords, TellWhereAnAddressCameFrom) {
  HostNetwork own = here({{"lo", "127.0.0.1"}, {"eth0", "10.0.0.9"}});
  EXPECT_THAT(
      network_words({own, a}, {5000, 5100}),
      ElementsAre(
          "data address 10.0.0.9 on eth0 (where other hosts see this machine), ports 5000-5100",
          "data address 10.0.0.1 on eth0 (where ssh reached it), ports 5000-5100"));
  EXPECT_THAT(network_words({own}, {}),
              ElementsAre("data address 127.0.0.1 (all ranks are on this machine)"));
  EXPECT_THAT(network_words({own, own}, {}),
              Each("data address 127.0.0.1 (all ranks are on this machine)"));
  own.reach.chosen = "10.0.0.9";
  EXPECT_THAT(network_words({own}, {}), ElementsAre("data address 10.0.0.9 on eth0 (--iface)"));
}

TEST(NetworkWishes, AreInterfacesOrNetworks) {
  const auto wishes = hosts::parse_network_wishes("eth0,10.0.0.0/24,fd00::/8").value();
  EXPECT_FALSE(wishes[0].is_network);
  EXPECT_TRUE(wishes[1].is_network);
  EXPECT_EQ(wishes[1].prefix, 24u);
  const auto in = [](const char* network, const char* address) {
    return hosts::parse_network_wishes(network).value()[0].fits("eth0",
                                                                *hosts::IpAddress::parse(address));
  };
  EXPECT_TRUE(in("10.0.0.0/24", "10.0.0.255"));
  EXPECT_FALSE(in("10.0.0.0/24", "10.0.1.0"));
  EXPECT_TRUE(in("10.0.0.0/23", "10.0.1.255"));
  EXPECT_TRUE(in("0.0.0.0/0", "192.168.0.1"));
  EXPECT_FALSE(in("0.0.0.0/0", "fd00::1"));
  EXPECT_TRUE(in("fd00::/8", "fdff::1"));
  EXPECT_TRUE(in("fd00::1/128", "fd00::1"));
  for (const char* wrong : {"", ",", "10.0.0.0/33", "fd00::/129", "10.0.0/8", "eth0/8", "10.0.0.1",
                            "fd00::1", "10.0.0.0/", "a-name-much-too-long", "two words"})
    EXPECT_FALSE(hosts::parse_network_wishes(wrong).ok()) << wrong;
}

TEST(IpAddress, KnowsWhatLeadsNowhereElse) {
  const auto address = [](const char* text) { return *hosts::IpAddress::parse(text); };
  for (const char* text : {"127.0.0.1", "127.0.1.1", "::1"})
    EXPECT_TRUE(address(text).is_loopback()) << text;
  for (const char* text : {"128.0.0.1", "::2", "1::1"})
    EXPECT_FALSE(address(text).is_loopback()) << text;
  for (const char* text : {"169.254.0.1", "fe80::1", "fe80::1%eth0", "febf::1"})
    EXPECT_TRUE(address(text).is_link_local()) << text;
  for (const char* text : {"169.255.0.1", "fec0::1", "fd00::1"})
    EXPECT_FALSE(address(text).is_link_local()) << text;
  EXPECT_FALSE(hosts::IpAddress::parse("rpi1"));
}

TEST(PortRoom, EachRankOfAMachineNeedsOne) {
  hosts::Host host;
  host.name = "rpi1";
  const std::vector<PlannedHost> machines{{host, false}, {host, true}, {host, true}};
  EXPECT_EQ(too_few_ports({}, machines, {0, 0, 0}), "");
  EXPECT_EQ(too_few_ports({5000, 5001}, machines, {0, 0, 1}), "");
  EXPECT_EQ(too_few_ports({5000, 5001}, machines, {0, 0, 0}),
            "--ports 5000-5001: 2 ports, and rpi1 has 3 ranks, which listen on one each; for "
            "example: --ports 5000-5002");
  // Two names of this machine.
  EXPECT_THAT(too_few_ports({5000, 5000}, machines, {1, 2}),
              HasSubstr("1 port, and rpi1 has 2 ranks"));
  EXPECT_EQ(too_few_ports({5000, 5000}, machines, {0}), "");
  EXPECT_EQ(too_few_ports({65535, 65535}, machines, {0, 0}),
            "--ports 65535-65535: 1 port, and rpi1 has 2 ranks, which listen on one each");
}

}  // namespace
}  // namespace prun::job
