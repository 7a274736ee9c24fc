// What the kernel tells and takes about the speed of a connection, over the loopback interface.
#include <gtest/gtest.h>

#include <sys/socket.h>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "runtime/transport/tcp/link_speed.hpp"

namespace prun::transport {
namespace {

using asio::ip::tcp;

class LinkSpeedTest : public testing::Test {
 protected:
  LinkSpeedTest() : near_(io_), far_(io_) {
    tcp::acceptor acceptor(io_, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    near_.connect(acceptor.local_endpoint());
    acceptor.accept(far_);
  }

  int descriptor() { return near_.native_handle(); }
  std::uint32_t limit() {
    std::uint32_t rate = 0;
    socklen_t size = sizeof(rate);
    EXPECT_EQ(::getsockopt(descriptor(), SOL_SOCKET, SO_MAX_PACING_RATE, &rate, &size), 0);
    return rate;
  }
  void pass(std::size_t bytes) {
    std::vector<char> data(bytes);
    asio::write(near_, asio::buffer(data));
    asio::read(far_, asio::buffer(data));
  }

  asio::io_context io_;
  tcp::socket near_;
  tcp::socket far_;
};

TEST_F(LinkSpeedTest, LimitReachesTheKernelAndCanBeLifted) {
  EXPECT_EQ(limit(), UINT32_MAX);
  EXPECT_TRUE(limit_speed(descriptor(), 11'430'000));
  EXPECT_EQ(limit(), 11'430'000u);
  EXPECT_TRUE(limit_speed(descriptor(), UINT32_MAX));
  EXPECT_EQ(limit(), UINT32_MAX);
}

TEST_F(LinkSpeedTest, ShortExchangesDoNotTellASpeed) {
  for (int i = 0; i < 10; ++i) pass(1);
  const auto speed = link_speed(descriptor());
  ASSERT_TRUE(speed);
  EXPECT_FALSE(speed->confirmed);
  EXPECT_EQ(speed->sent_again, 0u);
}

TEST(LinkSpeed, NothingOfWhatIsNoConnection) {
  EXPECT_FALSE(link_speed(-1));
  EXPECT_FALSE(limit_speed(-1, 1));
}

}  // namespace
}  // namespace prun::transport
