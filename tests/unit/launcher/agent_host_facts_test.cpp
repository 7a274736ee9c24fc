#include "launcher/agent/host_facts.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

namespace prun::agent {
namespace {

TEST(SshEnds, AreTheFirstAndThirdWord) {
  EXPECT_EQ(ssh_ends("10.0.0.9 52000 10.0.0.2 22"), (SshEnds{"10.0.0.9", "10.0.0.2", 52000, 22}));
  EXPECT_EQ(ssh_ends("fe80::9%eth0 52000 fe80::2%eth0 22"),
            (SshEnds{"fe80::9%eth0", "fe80::2%eth0", 52000, 22}));
}

TEST(SshEnds, PlainIpv4OutOfItsIpv6Clothing) {
  EXPECT_EQ(ssh_ends("::ffff:10.0.0.9 1 ::ffff:10.0.0.2 22"),
            (SshEnds{"10.0.0.9", "10.0.0.2", 1, 22}));
}

TEST(SshEnds, NothingFromAnythingElse) {
  for (const auto* text : {"", "10.0.0.9", "10.0.0.9 1 10.0.0.2", "UNKNOWN 65535 UNKNOWN 65535",
                           "a b c d", "10.0.0.9 1 10.0.0.2 22 more", "10.0.0.9 1 host 22"}) {
    EXPECT_EQ(ssh_ends(text), SshEnds()) << text;
  }
}

TEST(HostFacts, OfThisMachine) {
  ::setenv("SSH_CONNECTION", "10.0.0.9 52000 10.0.0.2 22", 1);
  const auto remote = describe_host(false);
  const auto local = describe_host(true);
  ::unsetenv("SSH_CONNECTION");
  EXPECT_EQ(remote.server_address, "10.0.0.2");
  EXPECT_EQ(local.server_address, "");
  EXPECT_FALSE(local.host_name.empty());
  EXPECT_FALSE(local.machine.empty());
  EXPECT_GE(local.cores, 1u);
  EXPECT_LE(local.cores, static_cast<std::uint32_t>(::sysconf(_SC_NPROCESSORS_CONF)));
}

}  // namespace
}  // namespace prun::agent
