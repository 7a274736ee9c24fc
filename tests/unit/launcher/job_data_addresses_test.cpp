#include "launcher/job/data_addresses.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace prun::job {
namespace {

using ::testing::ElementsAre;

const HostReach here{true, "", ""};

TEST(DataAddresses, NothingLeavesThisMachineWhenAllHostsAreHere) {
  const auto addresses = addresses_for(0, {here, here});
  EXPECT_THAT(addresses.of_host, ElementsAre("127.0.0.1", "127.0.0.1"));
  EXPECT_EQ(addresses.bind_address, "127.0.0.1");
}

TEST(DataAddresses, RemoteHostsAreWhereTheLauncherReachedThem) {
  const std::vector<HostReach> hosts{{false, "10.0.0.9", "10.0.0.1"},
                                     {false, "10.0.0.9", "10.0.0.2"}};
  for (std::size_t viewer = 0; viewer < 2; ++viewer) {
    const auto addresses = addresses_for(viewer, hosts);
    EXPECT_THAT(addresses.of_host, ElementsAre("10.0.0.1", "10.0.0.2"));
    EXPECT_EQ(addresses.bind_address, hosts[viewer].server_address);
  }
}

TEST(DataAddresses, TheLaunchersOwnHostIsWhereItsWorkersSawIt) {
  const std::vector<HostReach> hosts{
      here, {false, "10.0.0.9", "10.0.0.1"}, {false, "10.0.0.9", "10.0.0.2"}};
  const auto own = addresses_for(0, hosts);
  EXPECT_THAT(own.of_host, ElementsAre("10.0.0.9", "10.0.0.1", "10.0.0.2"));
  EXPECT_EQ(own.bind_address, "10.0.0.9");
  EXPECT_THAT(addresses_for(1, hosts).of_host, ElementsAre("10.0.0.9", "10.0.0.1", "10.0.0.2"));
}

TEST(DataAddresses, TwoNetworksSeeTheLauncherAtTwoAddresses) {
  const std::vector<HostReach> hosts{
      here, {false, "10.0.0.9", "10.0.0.1"}, {false, "192.168.0.9", "192.168.0.2"}};
  const auto own = addresses_for(0, hosts);
  EXPECT_EQ(own.bind_address, "0.0.0.0");
  EXPECT_THAT(own.of_host, ElementsAre("127.0.0.1", "10.0.0.1", "192.168.0.2"));
  EXPECT_EQ(addresses_for(1, hosts).of_host[0], "10.0.0.9");
  EXPECT_EQ(addresses_for(2, hosts).of_host[0], "192.168.0.9");
}

TEST(DataAddresses, ZonesOfIpv6StayOnTheirHost) {
  const std::vector<HostReach> hosts{
      here, {false, "fe80::9%eth0", "fe80::1%eth0"}, {false, "10.0.0.9", "10.0.0.2"}};
  EXPECT_EQ(addresses_for(0, hosts).bind_address, "::");
  EXPECT_EQ(addresses_for(0, hosts).of_host[1], "fe80::1");
  EXPECT_EQ(addresses_for(1, hosts).of_host[0], "fe80::9");
  EXPECT_EQ(addresses_for(1, hosts).bind_address, "fe80::1%eth0");
}

TEST(DataAddresses, WhatIfaceHasChosenIsTheSameForAll) {
  const std::vector<HostReach> hosts{{true, "", "", "10.1.0.9"},
                                     {false, "10.0.0.9", "10.0.0.1", "10.1.0.1"}};
  for (std::size_t viewer = 0; viewer < 2; ++viewer) {
    const auto addresses = addresses_for(viewer, hosts);
    EXPECT_THAT(addresses.of_host, ElementsAre("10.1.0.9", "10.1.0.1"));
    EXPECT_EQ(addresses.bind_address, hosts[viewer].chosen);
  }
}

TEST(DataAddresses, AStandInForSshStaysHere) {
  const auto addresses = addresses_for(1, {here, {false, "", ""}});
  EXPECT_THAT(addresses.of_host, ElementsAre("127.0.0.1", "127.0.0.1"));
  EXPECT_EQ(addresses.bind_address, "127.0.0.1");
}

}  // namespace
}  // namespace prun::job
