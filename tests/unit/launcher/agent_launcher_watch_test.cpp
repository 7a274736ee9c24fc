// How an agent tells a launcher that is stopped from a network that is gone.
#include "launcher/agent/launcher_watch.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "launcher/agent/tcp_table.hpp"
#include "launcher/system/descriptor.hpp"

namespace prun::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class CutOffTest : public testing::Test {
 protected:
  // Looks once a second; answers the last.
  bool pass(seconds time, bool unconfirmed) {
    bool is_cut_off = false;
    for (; time > seconds(0); time -= seconds(1)) {
      now_ += seconds(1);
      is_cut_off = cut_off_.look(now_, unconfirmed);
    }
    return is_cut_off;
  }

  CutOff::time_point now_{seconds(1000)};
  CutOff cut_off_{seconds(30), seconds(2), now_};
};

TEST_F(CutOffTest, ALauncherWhoseKernelConfirmsMayBeSilentForEver) {
  EXPECT_FALSE(pass(seconds(86'400), false));
}

TEST_F(CutOffTest, ANetworkThatIsGoneForTheLimitIsGone) {
  EXPECT_FALSE(pass(seconds(30), true));
  EXPECT_TRUE(pass(seconds(1), true));
}

TEST_F(CutOffTest, OneThatComesBackIsNot) {
  EXPECT_FALSE(pass(seconds(29), true));
  EXPECT_FALSE(pass(seconds(1), false));
  EXPECT_FALSE(pass(seconds(29), true));
  cut_off_.heard();
  EXPECT_FALSE(pass(seconds(30), true));
  EXPECT_TRUE(pass(seconds(1), true));
}

TEST_F(CutOffTest, TimeInWhichTheAgentWasStoppedDoesNotCount) {
  EXPECT_FALSE(pass(seconds(2), true));
  now_ += std::chrono::hours(1);
  EXPECT_FALSE(cut_off_.look(now_, true));
}

constexpr const char* head =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
    "inode\n";

// As a processor with the same order of bytes writes it.
std::string hex_of(const char* address) {
  std::string text;
  std::array<std::uint32_t, 4> words{};
  const bool is_v6 = std::string_view(address).find(':') != std::string_view::npos;
  EXPECT_EQ(::inet_pton(is_v6 ? AF_INET6 : AF_INET, address, words.data()), 1);
  for (std::size_t i = 0; i < (is_v6 ? 4u : 1u); ++i) {
    std::array<char, 9> word{};
    std::snprintf(word.data(), word.size(), "%08X", words[i]);
    text += word.data();
  }
  return text;
}

std::string line(const char* local, const char* remote, const char* resent) {
  return "   1: " + hex_of(local) + ":0016 " + hex_of(remote) +
         ":CB20 01 00000024:00000000 01:00000014 " + resent +
         "     0        0 1234 4 0000000000000000 20 4 31 10 -1\n";
}

const SshEnds ipv4{"10.0.0.9", "10.0.0.2", 52000, 22};

TEST(TcpTable, TellsHowOftenTheSameWasSent) {
  EXPECT_EQ(resent_without_answer(head + line("10.0.0.2", "10.0.0.9", "00000000"), ipv4), 0u);
  EXPECT_EQ(resent_without_answer(head + line("10.0.0.2", "10.0.0.9", "0000000b"), ipv4), 11u);
}

TEST(TcpTable, OfTheRightConnectionAmongOthers) {
  const std::string table = head + line("10.0.0.2", "10.0.0.8", "00000005") +
                            line("10.0.0.9", "10.0.0.2", "00000006") +
                            line("10.0.0.2", "10.0.0.9", "00000003");
  EXPECT_EQ(resent_without_answer(table, ipv4), 3u);
  auto other = ipv4;
  other.client_port = 52001;
  EXPECT_FALSE(resent_without_answer(table, other));
}

TEST(TcpTable, AServerForBothKindsOfAddressesHasItInTheOtherTable) {
  EXPECT_EQ(
      resent_without_answer(head + line("::ffff:10.0.0.2", "::ffff:10.0.0.9", "00000002"), ipv4),
      2u);
}

TEST(TcpTable, OfIpv6WithAnInterface) {
  EXPECT_EQ(resent_without_answer(head + line("fe80::2", "fe80::9", "00000004"),
                                  SshEnds{"fe80::9%eth0", "fe80::2%eth0", 52000, 22}),
            4u);
}

TEST(TcpTable, WhatIsNoTableHasNoConnection) {
  for (const char* text : {"", "\n", "x", "a\nb c d\n", "h\n 1: 0100007F:0016 zz:1 01 0:0 0:0 0\n"})
    EXPECT_FALSE(resent_without_answer(text, ipv4)) << text;
  EXPECT_FALSE(resent_without_answer(head + line("10.0.0.2", "10.0.0.9", "00000000"), SshEnds{}));
}

TEST(TcpTable, OfThisHostHasAConnectionOfOurs) {
  const auto bound = [](int socket) {
    sockaddr_in own{};
    socklen_t length = sizeof own;
    ::getsockname(socket, reinterpret_cast<sockaddr*>(&own), &length);
    return own;
  };
  const system::Descriptor listener(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in loopback{};
  loopback.sin_family = AF_INET;
  loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&loopback), sizeof loopback), 0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  const auto server = bound(listener.get());
  const system::Descriptor client(::socket(AF_INET, SOCK_STREAM, 0));
  ASSERT_EQ(::connect(client.get(), reinterpret_cast<const sockaddr*>(&server), sizeof server), 0);
  const SshEnds ends{"127.0.0.1", "127.0.0.1", ntohs(bound(client.get()).sin_port),
                     ntohs(server.sin_port)};
  // The side that answers is in the table once the kernel has its last confirmation.
  const system::Descriptor accepted(::accept(listener.get(), nullptr, nullptr));
  EXPECT_EQ(resent_without_answer(ends), 0u);
}

}  // namespace
}  // namespace prun::agent
