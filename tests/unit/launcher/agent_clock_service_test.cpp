// What a host makes of the answers of the one above it; the test is that one, and one that asks.
#include "launcher/agent/clock_service.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>

namespace prun::agent {
namespace {

using asio::ip::udp;
using clock::ClockPacket;
using clock::Nanoseconds;
using namespace std::chrono_literals;

constexpr std::uint64_t job_id = 7;
constexpr std::uint32_t above = 0;
constexpr std::uint32_t here = 1;
constexpr std::uint32_t below = 2;
constexpr Nanoseconds millisecond = 1'000'000;

// Another host: the test lets it answer as it likes.
class OtherHost {
 public:
  explicit OtherHost(asio::io_context& io)
      : socket_(io, udp::endpoint(asio::ip::address_v4::loopback(), 0)) {
    receive();
  }

  std::uint16_t port() const { return socket_.local_endpoint().port(); }

  // That it shows, which is so much off the clock of this machine.
  Nanoseconds time() const { return clock::LocalClock::system_now() + off; }

  void ask(std::uint16_t port) {
    ClockPacket question;
    question.job_id = job_id;
    question.from = below;
    question.to = here;
    question.cookie = ++cookie_;
    send(question, udp::endpoint(asio::ip::address_v4::loopback(), port));
  }

  bool answers = true;
  Nanoseconds off = 0;
  Nanoseconds error = 0;
  std::uint16_t leader = 0;
  int questions = 0;
  std::optional<ClockPacket> answered;  // to what it has asked

 private:
  void receive() {
    socket_.async_receive_from(
        asio::buffer(bytes_), from_, [this](asio::error_code error_code, std::size_t got) {
          if (error_code) return;
          const auto packet = clock::decode(key_, job_id, std::span(bytes_).first(got));
          if (packet && packet->kind == ClockPacket::Kind::question) {
            ++questions;
            if (answers) answer(*packet);
          } else {
            answered = packet;
          }
          receive();
        });
  }

  void answer(const ClockPacket& question) {
    ClockPacket packet = question;
    packet.kind = ClockPacket::Kind::answer;
    packet.leader = leader;
    std::swap(packet.from, packet.to);
    packet.received = packet.answered = time();
    packet.error = error;
    send(packet, from_);
  }

  void send(const ClockPacket& packet, const udp::endpoint& to) {
    socket_.send_to(asio::buffer(clock::encode(key_, packet)), to);
  }

  const security::Key key_ = clock::clock_key({});
  udp::socket socket_;
  std::array<std::byte, 128> bytes_{};
  udp::endpoint from_;
  std::uint64_t cookie_ = 0;
};

class ClockServiceTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto listening = service_.listen("127.0.0.1", {});
    ASSERT_TRUE(listening.ok());
    port_ = listening.value();
  }

  template <class Condition>
  void run_until(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (!condition()) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline);
      io_.run_one_for(100ms);
    }
  }

  void follow(std::uint16_t leader) { service_.follow(above, "127.0.0.1", other_.port(), leader); }

  clock::Reading read() const { return page_.line()->at(page_.local().now()); }

  // What is read is not farther from the time of the other than it says.
  void expect_time_of_other() const {
    const Nanoseconds before = other_.time();
    const auto reading = read();
    const Nanoseconds after = other_.time();
    EXPECT_GE(reading.time + reading.error, before);
    EXPECT_LE(reading.time - reading.error, after);
  }

  // Whose time it tells; nothing where it does not answer.
  std::optional<std::uint16_t> told_leader() {
    other_.answered.reset();
    other_.ask(port_);
    const auto deadline = std::chrono::steady_clock::now() + 100ms;
    while (!other_.answered && std::chrono::steady_clock::now() < deadline) io_.run_one_for(10ms);
    if (!other_.answered) return std::nullopt;
    return other_.answered->leader;
  }

  asio::io_context io_;
  OtherHost other_{io_};
  clock::ClockPage page_ = clock::ClockPage::make({-3'000'000'000, 100'000}).value();
  bool ready_ = false;
  ClockService service_{io_, {{}, job_id, here}, page_, [this] { ready_ = true; }};
  std::uint16_t port_ = 0;
};

TEST_F(ClockServiceTest, ShowsTheTimeOfTheHostAboveAndTellsIt) {
  EXPECT_FALSE(told_leader()) << "it knows none yet";
  follow(0);
  run_until([this] { return ready_; });
  expect_time_of_other();
  EXPECT_EQ(told_leader(), 0);
}

TEST_F(ClockServiceTest, WhoLeadsFirstShowsItsOwn) {
  service_.lead(0);
  EXPECT_TRUE(ready_);
  EXPECT_EQ(read().error, 0);
  EXPECT_NEAR(static_cast<double>(read().time), static_cast<double>(page_.local().now()), 1e6);
  EXPECT_EQ(told_leader(), 0);
}

TEST_F(ClockServiceTest, WhoLeadsLaterGoesOnWithTheTimeItHas) {
  follow(0);
  run_until([this] { return ready_; });
  const auto before = read();
  service_.lead(1);
  const auto after = read();
  EXPECT_GE(after.time, before.time);
  expect_time_of_other();  // as long as others go by that
  EXPECT_EQ(told_leader(), 1);
  const int questions = other_.questions;
  run_until([this] { return read().error == 0; });
  EXPECT_EQ(other_.questions, questions) << "it asks nobody";
}

// The new leader is off by less than it says, so nothing contradicts what was heard before; but that
// was of another time.
TEST_F(ClockServiceTest, OfANewLeaderNothingIsKnownBeforehand) {
  follow(0);
  run_until([this] { return ready_; });
  const auto before = read().time;
  other_.leader = 1;
  other_.off = millisecond;
  other_.error = 2 * millisecond;
  run_until([this] { return told_leader() == 1; });
  expect_time_of_other();
  EXPECT_GE(read().error, 2 * millisecond);
  EXPECT_GE(read().time, before);
}

TEST_F(ClockServiceTest, WhoHasNotHeardOfTheNewLeaderIsNotBelieved) {
  follow(0);
  run_until([this] { return ready_; });
  const int questions = other_.questions;
  follow(2);
  other_.off = 3'600'000 * millisecond;
  other_.leader = 1;
  run_until([&] { return other_.questions > questions + 3; });
  EXPECT_LT(read().time, other_.time() - 3'000'000 * millisecond);
  EXPECT_EQ(told_leader(), 0) << "it goes by what it has";
  other_.leader = 2;
  other_.off = 0;
  run_until([this] { return told_leader() == 2; });
  expect_time_of_other();
}

// A host that lies about it does so only as long as it is asked.
TEST_F(ClockServiceTest, AnOrderToFollowCountsMoreThanWhatWasHeard) {
  other_.leader = 65535;
  follow(0);
  run_until([this] { return ready_; });
  EXPECT_EQ(told_leader(), 65535);
  other_.leader = 1;
  follow(1);
  run_until([this] { return told_leader() == 1; });
  expect_time_of_other();
}

TEST_F(ClockServiceTest, WhoWasAskedInVainIsGivenUpForAnother) {
  other_.answers = false;
  follow(0);
  run_until([this] { return other_.questions > 3; });
  EXPECT_FALSE(ready_);
  service_.lead(1);
  EXPECT_TRUE(ready_);
  EXPECT_EQ(read().error, 0);
}

}  // namespace
}  // namespace prun::agent
