#include "runtime/bootstrap/listening.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <asio/io_context.hpp>
#include <asio/ip/udp.hpp>

#include <vector>

#include "runtime/transport/tcp/unreachable_words.hpp"

namespace prun {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

struct Listener {
  asio::io_context io;
  asio::ip::tcp::acceptor acceptor{io};

  core::Result<std::uint16_t> listen(const core::PortRange& ports, std::uint32_t turn = 0) {
    return bootstrap::listen(acceptor, "127.0.0.1", ports, turn, 4);
  }
};

// Three ports in a row that nobody else has at the moment.
core::PortRange free_ports() {
  for (int tries = 0; tries < 100; ++tries) {
    Listener first;
    const auto port = first.listen({});
    if (!port || port.value() > 65000) continue;
    const core::PortRange range{port.value(), static_cast<std::uint16_t>(port.value() + 2)};
    Listener second;
    Listener third;
    const auto one = [](std::uint16_t number) { return core::PortRange{number, number}; };
    if (second.listen(one(static_cast<std::uint16_t>(range.first + 1))) &&
        third.listen(one(range.last))) {
      return range;
    }
  }
  return {};
}

TEST(Listening, TheSystemChoosesWhereThereIsNoRange) {
  Listener one;
  Listener other;
  const auto first = one.listen({});
  const auto second = other.listen({}, 7);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_NE(first.value(), second.value());
}

TEST(Listening, DatagramsComeInAtThePortsOfTheRangeAndThenAtAnyOther) {
  const auto loopback = asio::ip::make_address("127.0.0.1");
  asio::io_context io;
  std::vector<asio::ip::udp::socket> sockets;
  const auto bind = [&](const core::PortRange& ports) {
    sockets.emplace_back(io, asio::ip::udp::v4());
    return bootstrap::bind_datagrams(sockets.back().native_handle(), loopback, ports).value();
  };
  // What nobody else has at the moment: two in a row.
  core::PortRange ports;
  do {
    sockets.clear();
    ports.first = bind({});
    ports.last = static_cast<std::uint16_t>(ports.first + 1);
    sockets.clear();
  } while (ports.first > 65000 || bind({ports.last, ports.last}) != ports.last);
  sockets.clear();
  EXPECT_EQ(bind(ports), ports.first);
  EXPECT_EQ(bind(ports), ports.last);
  const auto other = bind(ports);
  EXPECT_NE(other, 0);
  EXPECT_TRUE(other < ports.first || other > ports.last);
}

TEST(Listening, EachTakesItsTurnAndThenWhatIsFree) {
  const auto ports = free_ports();
  ASSERT_TRUE(ports.given());
  Listener one;
  Listener two;
  Listener three;
  Listener four;
  EXPECT_EQ(one.listen(ports, 1).value(), ports.first + 1);
  EXPECT_EQ(two.listen(ports, 1).value(), ports.last);
  EXPECT_EQ(three.listen(ports, 4).value(), ports.first);
  const auto none = four.listen(ports, 2);
  ASSERT_FALSE(none.ok());
  EXPECT_THAT(none.failure().text,
              AllOf(HasSubstr("no port is free on 127.0.0.1 of " + ports.text()),
                    HasSubstr("wider range")));
  EXPECT_FALSE(four.acceptor.is_open());
}

TEST(Listening, AnAddressThatIsNotHere) {
  Listener one;
  EXPECT_FALSE(bootstrap::listen(one.acceptor, "rpi1", {}, 0, 4).ok());
  const auto elsewhere = bootstrap::listen(one.acceptor, "192.0.2.1", {5000, 65000}, 0, 4);
  ASSERT_FALSE(elsewhere.ok());
  EXPECT_THAT(elsewhere.failure().text, HasSubstr("cannot listen on 192.0.2.1, ports 5000-65000"));
}

TEST(UnreachableWords, TellARefusalFromSilence) {
  const asio::ip::tcp::endpoint peer(asio::ip::make_address("10.0.0.2"), 40000);
  const auto words = [&](const asio::error_code& error, const core::PortRange& ports) {
    return transport::unreachable_words(peer, error, std::chrono::seconds(10), ports);
  };
  const auto silent = words(asio::error::timed_out, {});
  EXPECT_THAT(silent, AllOf(HasSubstr("does not answer at 10.0.0.2 port 40000 within 10 s"),
                            HasSubstr("firewall"), HasSubstr("prun --ports 5000-5100"),
                            HasSubstr("ufw allow 5000:5100/tcp"), HasSubstr("nft add rule")));
  const auto silent_with_ports = words(asio::error::timed_out, {6000, 6001});
  EXPECT_THAT(silent_with_ports,
              AllOf(HasSubstr("ufw allow 6000:6001/tcp"), HasSubstr("dport 6000-6001 accept"),
                    Not(HasSubstr("prun --ports"))));
  EXPECT_THAT(words(asio::error::connection_refused, {}),
              AllOf(HasSubstr("nothing listens there"), Not(HasSubstr("firewall"))));
  EXPECT_THAT(words(asio::error::host_unreachable, {}), HasSubstr("--iface"));
  EXPECT_THAT(words(asio::error::no_buffer_space, {}), HasSubstr("cannot be reached at"));
}

}  // namespace
}  // namespace prun
