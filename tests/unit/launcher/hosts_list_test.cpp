#include "launcher/hosts/host_list.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace prun::hosts {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Host host(std::string name) {
  Host result;
  result.name = std::move(name);
  return result;
}

Host counted(std::string name, std::uint32_t slots) {
  Host result = host(std::move(name));
  result.slots = slots;
  result.slots_given = true;
  return result;
}

std::vector<Host> parsed(std::string_view text) {
  auto list = parse_host_list(text);
  EXPECT_TRUE(list.ok()) << text << ": " << (list ? "" : list.failure().text);
  return list ? std::move(list).value() : std::vector<Host>{};
}

std::string refusal(std::string_view text) {
  const auto list = parse_host_list(text);
  EXPECT_FALSE(list.ok()) << text;
  return list ? std::string() : list.failure().text;
}

TEST(HostList, PlainNamesInOrder) {
  EXPECT_THAT(parsed("rpi1,rpi2,rpi1"), ElementsAre(host("rpi1"), host("rpi2"), host("rpi1")));
}

TEST(HostList, NameIsKeptAsTyped) {
  EXPECT_THAT(parsed("Rpi1.Local,my_alias,192.168.0.101"),
              ElementsAre(host("Rpi1.Local"), host("my_alias"), host("192.168.0.101")));
}

TEST(HostList, Counts) {
  EXPECT_THAT(parsed("rpi1:4,rpi2:1"), ElementsAre(counted("rpi1", 4), counted("rpi2", 1)));
}

TEST(HostList, Users) {
  Host plain = host("rpi1");
  plain.user = "pi";
  Host four = counted("rpi2", 4);
  four.user = "pi@school";
  EXPECT_THAT(parsed("pi@rpi1,pi@school@rpi2:4"), ElementsAre(plain, four));
}

TEST(HostList, Ranges) {
  EXPECT_THAT(parsed("rpi[1-2,5]:2,n1"),
              ElementsAre(counted("rpi1", 2), counted("rpi2", 2), counted("rpi5", 2), host("n1")));
  Host first = host("rpi01");
  first.user = "pi";
  EXPECT_THAT(parsed("pi@rpi[01-01]"), ElementsAre(first));
}

TEST(HostList, Ipv6StandsInBrackets) {
  EXPECT_THAT(parsed("[fe80::1]:2,[::1],[fe80::1%eth0]"),
              ElementsAre(counted("fe80::1", 2), host("::1"), host("fe80::1%eth0")));
  Host with_user = counted("fe80::1", 3);
  with_user.user = "pi";
  EXPECT_THAT(parsed("pi@[fe80::1]:3"), ElementsAre(with_user));
  EXPECT_EQ(refusal("fe80::1"),
            "host 'fe80::1': an IPv6 address must stand in brackets: [fe80::1]");
  EXPECT_THAT(refusal("[fe80::zz]"), HasSubstr("'fe80::zz' is not a host name or address"));
  EXPECT_THAT(refusal("[fe80::1]4"), HasSubstr("after ']' only a colon and a number may follow"));
  EXPECT_THAT(refusal("[fe80::1%eth0;reboot]"), HasSubstr("is not a host name or address"));
}

TEST(HostList, SshUrls) {
  Host first = host("rpi1");
  first.user = "pi";
  first.port = 2222;
  Host second = host("rpi2");
  Host third = host("fe80::1");
  third.port = 22;
  EXPECT_THAT(parsed("ssh://pi@rpi1:2222,ssh://rpi2/,ssh://[fe80::1]:22"),
              ElementsAre(first, second, third));
  EXPECT_EQ(parsed("ssh://rpi[1-2]:2222").size(), 2u);
  EXPECT_EQ(refusal("ssh://rpi1:ssh"),
            "host 'ssh://rpi1:ssh': 'ssh' is not a port; write for example ssh://pi@rpi1:2222");
  EXPECT_THAT(refusal("ssh://rpi1:0"), HasSubstr("'0' is not a port"));
  EXPECT_THAT(refusal("ssh://rpi1:65536"), HasSubstr("'65536' is not a port"));
  EXPECT_THAT(refusal("ssh://rpi1:22:4"), HasSubstr("'22:4' is not a port"));
}

TEST(HostList, BlanksAndLineEndsSeparate) {
  EXPECT_THAT(parsed("  rpi1 , rpi2\trpi3\nrpi4\r\n"),
              ElementsAre(host("rpi1"), host("rpi2"), host("rpi3"), host("rpi4")));
  EXPECT_EQ(parsed("rpi[1, 2]").size(), 2u);
}

TEST(HostList, EmptyEntriesAreExplained) {
  EXPECT_EQ(refusal("rpi1,,rpi2"),
            "host list 'rpi1,,rpi2': entry 2 is empty; there is a comma too many");
  EXPECT_EQ(refusal("rpi1,"), "host list 'rpi1,': entry 2 is empty; there is a comma too many");
  EXPECT_EQ(refusal(",rpi1"), "host list ',rpi1': entry 1 is empty; there is a comma too many");
  EXPECT_EQ(refusal(""), "the host list is empty; write for example rpi1,rpi2");
  EXPECT_EQ(refusal("  "), "the host list is empty; write for example rpi1,rpi2");
}

TEST(HostList, BadCountsAreExplained) {
  EXPECT_EQ(refusal("rpi1:0"),
            "host 'rpi1:0': a count of 0 would leave the host without ranks; leave the host out, "
            "or write 1 or more");
  EXPECT_EQ(
      refusal("rpi1:four"),
      "host 'rpi1:four': 'four' is not a count of ranks from 1 to 65536; write for example rpi1:4");
  EXPECT_THAT(refusal("rpi1:"), HasSubstr("'' is not a count"));
  EXPECT_THAT(refusal("rpi1:-1"), HasSubstr("'-1' is not a count"));
  EXPECT_THAT(refusal("rpi1:4:5"), HasSubstr("'4:5' is not a count"));
  EXPECT_THAT(refusal("rpi1:65537"), HasSubstr("'65537' is not a count"));
  EXPECT_EQ(parsed("rpi1:65536").at(0).slots, 65536u);
}

TEST(HostList, WhatSshMustNotBeGivenIsRefused) {
  EXPECT_THAT(refusal("-oProxyCommand=x"), HasSubstr("is not a host name"));
  EXPECT_THAT(refusal("-n"), HasSubstr("'-n' is not a host name or address"));
  EXPECT_THAT(refusal("rpi1;reboot"), HasSubstr("is not a host name"));
  EXPECT_THAT(refusal("$(reboot)"), HasSubstr("is not a host name"));
  EXPECT_THAT(refusal("-l@rpi1"), HasSubstr("'-l' before the @ is not a user name"));
  EXPECT_THAT(refusal("@rpi1"), HasSubstr("'' before the @ is not a user name"));
  EXPECT_THAT(refusal("pi@"), HasSubstr("the name of the host is missing"));
  EXPECT_THAT(refusal(":4"), HasSubstr("the name of the host is missing"));
}

TEST(HostList, UnbalancedBracketIsNamedWithItsEntry) {
  EXPECT_EQ(refusal("rpi[1-2,rpi5"), "host range 'rpi[1-2,rpi5': the '[' is never closed by a ']'");
}

TEST(HostList, LimitHoldsForTheWholeList) {
  EXPECT_EQ(parsed("a[1-2048],b[1-2048]").size(), 4096u);
  EXPECT_EQ(refusal("a[1-2048],b[1-2048],c"), "the host list names more than 4096 hosts");
}

TEST(HostList, Addresses) {
  EXPECT_TRUE(is_address("192.168.0.1"));
  EXPECT_TRUE(is_address("fe80::1%eth0"));
  EXPECT_FALSE(is_address("192.168.0.1%eth0"));
  EXPECT_FALSE(is_address("192.168.0"));
  EXPECT_FALSE(is_address("rpi1"));
  EXPECT_FALSE(is_address(""));
  EXPECT_FALSE(is_address(std::string_view("fe80::1\0x", 9)));
}

}  // namespace
}  // namespace prun::hosts
