#include "launcher/ssh/ssh_failure.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>

namespace prun::ssh {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

hosts::Host rpi2() {
  hosts::Host host;
  host.name = "rpi2";
  host.user = "pi";
  host.port = 2222;
  return host;
}

struct Case {
  const char* words;
  SshCause cause;
  const char* repair;
};

// The name a case has in a list of tests: what ssh said, in one line.
void PrintTo(const Case& of, std::ostream* out) {
  *out << '"' << said_in_one_line(of.words) << '"';
}

class SshFailures : public ::testing::TestWithParam<Case> {};

TEST_P(SshFailures, HaveOneCauseSshsWordsAndARepair) {
  const auto failure = explain_ssh_failure(rpi2(), GetParam().words);
  EXPECT_EQ(failure.cause, GetParam().cause);
  EXPECT_THAT(failure.text, HasSubstr(GetParam().repair));
  EXPECT_THAT(failure.text, Not(HasSubstr("\n")));
  EXPECT_EQ(failure.try_again, failure.cause == SshCause::closed);
}

INSTANTIATE_TEST_SUITE_P(
    Words, SshFailures,
    ::testing::Values(
        Case{"ssh: Could not resolve hostname rpi2: Name or service not known\r\n",
             SshCause::unknown_name, "Could not resolve hostname rpi2"},
        Case{"ssh: Could not resolve hostname rpi2: Temporary failure in name resolution\r\n",
             SshCause::unknown_name, "/etc/hosts"},
        Case{"ssh: connect to host rpi2 port 2222: No route to host\r\n", SshCause::no_route,
             "ping rpi2"},
        Case{"ssh: connect to host rpi2 port 2222: Network is unreachable\r\n", SshCause::no_route,
             "ping rpi2"},
        Case{"ssh: connect to host rpi2 port 2222: Connection refused\r\n", SshCause::refused,
             "port 2222"},
        Case{"ssh: connect to host rpi2 port 2222: Connection timed out\r\n", SshCause::timed_out,
             "ssh -p 2222 pi@rpi2"},
        Case{"Connection timed out during banner exchange\r\nConnection to 10.0.0.2 port 22 timed "
             "out\r\n",
             SshCause::timed_out, "10.0.0.2 port 22"},
        Case{"No ED25519 host key is known for rpi2 and you have requested strict checking.\r\n"
             "Host key verification failed.\r\n",
             SshCause::host_key_unknown, "ssh -p 2222 pi@rpi2"},
        Case{"@@@@@@@@@\r\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     "
             "@\r\n@@@@@@@@@\r\n"
             "IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!\r\nHost key verification "
             "failed.\r\n",
             SshCause::host_key_changed, "ssh-keygen -R '[rpi2]:2222'"},
        Case{"Ubuntu 24.04\r\npi@rpi2: Permission denied (publickey,password).\r\n",
             SshCause::password_wanted, "ssh-copy-id -p 2222 pi@rpi2"},
        Case{"pi@rpi2: Permission denied (publickey,keyboard-interactive).\r\n",
             SshCause::password_wanted, "would ask for a password"},
        Case{"pi@rpi2: Permission denied (publickey).\r\n", SshCause::key_refused,
             "ssh-copy-id -p 2222 pi@rpi2"},
        Case{"Received disconnect from 10.0.0.2 port 22:2: Too many authentication failures\r\n",
             SshCause::key_refused, "ssh-copy-id"},
        Case{"kex_exchange_identification: Connection closed by remote host\r\nConnection closed "
             "by 10.0.0.2 port 22\r\n",
             SshCause::closed, "10.0.0.2 port 22"},
        Case{"kex_exchange_identification: read: Connection reset by peer\r\n", SshCause::closed,
             "ssh -p 2222"},
        Case{"Bad owner or permissions on /home/pi/.ssh/config\r\n", SshCause::other,
             "/home/pi/.ssh/config"},
        Case{"", SshCause::other, "ssh -p 2222 pi@rpi2"}));

TEST(SshFailure, LeavesTheBannerOut) {
  const auto failure = explain_ssh_failure(
      rpi2(), "Welcome!\nAuthorised use only\npi@rpi2: Permission denied (publickey).\n");
  EXPECT_THAT(failure.text, Not(HasSubstr("Welcome")));
  EXPECT_THAT(failure.text, HasSubstr("Permission denied (publickey)."));
}

TEST(SaidInOneLine, IsShortAndPlain) {
  EXPECT_EQ(said_in_one_line("  one \r\n\n\ttwo\x1b[0m\n"), "one; two [0m");
  EXPECT_EQ(said_in_one_line(""), "");
  EXPECT_LT(said_in_one_line(std::string(10000, 'x')).size(), 500u);
}

}  // namespace
}  // namespace prun::ssh
