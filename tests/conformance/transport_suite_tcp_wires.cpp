// How ranks find each other over TCP when nothing happens in the usual order: both call at once, what
// they say comes late and in pieces, and connections break in the middle of the handshake. Each
// schedule is drawn from a number, as far as the kernel between the sockets lets it be; others come
// with --gtest_shuffle --gtest_random_seed=N.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "runtime/security/handshake.hpp"
#include "tests/conformance/transport_suite_tcp_net.hpp"

namespace prun::test {
namespace {

using asio::ip::tcp;
using transport::WorldRank;
using Bytes = std::vector<std::byte>;

// All that a caller says before the other side may count the connection as made.
constexpr std::size_t words_of_caller = security::hello_bytes + security::proof_bytes;

// Stands at the addresses of all ranks and passes on what is said, as chance has it.
class UnsteadyWires {
 public:
  UnsteadyWires(TcpNet& net, int ranks, std::mt19937& random, int breaks)
      : random_(random), breaks_left_(breaks) {
    for (WorldRank rank = 0; rank < ranks; ++rank) {
      doors_.push_back(
          {tcp::acceptor(loop_, {asio::ip::make_address("127.0.0.1"), 0}), *net.endpoint(rank)});
      doors_.back().acceptor.non_blocking(true);
      net.endpoint(rank) = doors_.back().acceptor.local_endpoint();
    }
  }

  void step() {
    for (Door& door : doors_) take_call(door);
    for (const auto& wire : wires_) move(*wire);
    std::erase_if(wires_, [](const auto& wire) { return !wire->caller.is_open(); });
  }

  int calls() const { return calls_; }

  // Breaks a connection that is made; false if there is none.
  bool break_one() {
    std::vector<Wire*> made;
    for (const auto& wire : wires_) {
      if (wire->said > words_of_caller) made.push_back(wire.get());
    }
    if (made.empty()) return false;
    reset(*made[random_() % made.size()]);
    return true;
  }

 private:
  struct Door {
    tcp::acceptor acceptor;
    tcp::endpoint behind;
  };
  struct Wire {
    explicit Wire(asio::io_context& loop) : caller(loop), called(loop) {}
    tcp::socket caller;
    tcp::socket called;
    std::size_t said = 0;  // by the caller, and passed on
    std::size_t breaks_at = SIZE_MAX;
  };

  bool one_in(unsigned times) { return random_() % times == 0; }

  void take_call(Door& door) {
    if (one_in(3)) return;
    auto wire = std::make_unique<Wire>(loop_);
    asio::error_code error;
    door.acceptor.accept(wire->caller, error);
    if (error) return;
    ++calls_;
    wire->called.connect(door.behind);
    wire->caller.non_blocking(true);
    wire->called.non_blocking(true);
    if (breaks_left_ > 0 && one_in(2)) {
      --breaks_left_;
      wire->breaks_at = random_() % words_of_caller;
    }
    wires_.push_back(std::move(wire));
  }

  void move(Wire& wire) {
    if (!one_in(3))
      wire.said += pass_on(wire, wire.caller, wire.called, wire.breaks_at - wire.said);
    if (wire.caller.is_open() && wire.said == wire.breaks_at) reset(wire);
    if (wire.caller.is_open() && !one_in(3)) pass_on(wire, wire.called, wire.caller, SIZE_MAX);
  }

  // Bytes that were passed on. The end of one side is the end of both.
  std::size_t pass_on(Wire& wire, tcp::socket& from, tcp::socket& to, std::size_t at_most) {
    std::array<std::byte, 2000> bytes;
    const std::size_t some = std::min<std::size_t>({at_most, bytes.size(), 1 + random_() % 2000});
    asio::error_code error;
    const std::size_t got = from.read_some(asio::buffer(bytes.data(), some), error);
    std::size_t sent = 0;
    while (sent < got && (!error || error == asio::error::would_block))
      sent += to.write_some(asio::buffer(bytes.data() + sent, got - sent), error);
    if (error && error != asio::error::would_block) {
      wire.caller.close();
      wire.called.close();
    }
    return got;
  }

  static void reset(Wire& wire) {
    for (tcp::socket* end : {&wire.caller, &wire.called}) {
      end->set_option(tcp::socket::linger(true, 0));
      end->close();
    }
  }

  asio::io_context loop_;
  std::mt19937& random_;
  int breaks_left_;
  int calls_ = 0;
  std::vector<Door> doors_;
  std::vector<std::unique_ptr<Wire>> wires_;
};

// Ranks that all send to all others, at moments of chance.
class Talk {
 public:
  static constexpr int ranks = 4;
  static constexpr int frames_each = 5;

  // Every second one is encrypted. `breaks`: handshakes that may be broken off.
  Talk(std::uint32_t seed, int breaks)
      : random_(seed),
        net_(ranks, false, core::CompressionMode::off, seed % 2 == 0),
        wires_(net_, ranks, random_, breaks) {
    for (WorldRank from = 0; from < ranks; ++from) {
      for (WorldRank to = 0; to < ranks; ++to) {
        if (from != to) pairs_.push_back({from, to, 0});
      }
    }
  }

  TcpNet& net() { return net_; }
  UnsteadyWires& wires() { return wires_; }

  bool run_until(const std::function<bool()>& done) {
    return net_.run_until([&] {
      wires_.step();
      Pair& pair = pairs_[random_() % pairs_.size()];
      if (pair.sent < frames_each && random_() % 4 == 0) send(pair);
      return done();
    });
  }

  bool all_has_arrived() {
    return std::all_of(pairs_.begin(), pairs_.end(), [this](const Pair& pair) {
      return net_.receiver(pair.to).arrived_from(pair.from) == frames_each;
    });
  }

  // Each as it was sent, in order.
  void check_arrived() {
    for (const Pair& pair : pairs_) {
      std::int32_t next = 0;
      for (const auto& arrived : net_.receiver(pair.to).arrived()) {
        if (arrived.from != pair.from) continue;
        EXPECT_EQ(arrived.frame.envelope.tag, next);
        EXPECT_EQ(arrived.payload, payload(pair, next));
        ++next;
      }
    }
  }

 private:
  struct Pair {
    WorldRank from;
    WorldRank to;
    std::int32_t sent;
  };

  static Bytes payload(const Pair& pair, std::int32_t number) {
    return Bytes(static_cast<std::size_t>(number) * 700,
                 static_cast<std::byte>(pair.from * 16 + pair.to));
  }

  void send(Pair& pair) {
    const Bytes bytes = payload(pair, pair.sent);
    wire::Frame frame;
    frame.kind = wire::FrameKind::eager;
    frame.envelope = {1, pair.sent, bytes.size(), {}};
    net_.tcp(pair.from).send_frame(pair.to, frame, bytes);
    ++pair.sent;
  }

  std::mt19937 random_;
  TcpNet net_;
  UnsteadyWires wires_;
  std::vector<Pair> pairs_;
};

// Calls something with so many seeds.
void with_seeds(std::uint32_t count, const std::function<void(std::uint32_t seed)>& call) {
  const auto first =
      static_cast<std::uint32_t>(testing::UnitTest::GetInstance()->random_seed()) * 1000;
  for (std::uint32_t seed = first; seed < first + count && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    call(seed);
  }
}

void expect_nobody_gone(Talk& talk) {
  for (WorldRank rank = 0; rank < Talk::ranks; ++rank)
    EXPECT_TRUE(talk.net().receiver(rank).gone().empty());
}

TEST(TcpWires, RanksFindEachOtherWhateverTheOrder) {
  constexpr int schedules = 30;
  int calls = 0;
  with_seeds(schedules, [&](std::uint32_t seed) {
    Talk talk(seed, 0);
    ASSERT_TRUE(talk.run_until([&] { return talk.all_has_arrived(); }));
    talk.check_arrived();
    expect_nobody_gone(talk);
    calls += talk.wires().calls();
  });
  constexpr int connections = Talk::ranks * (Talk::ranks - 1) / 2;
  EXPECT_GT(calls, schedules * connections) << "nobody was called by whom he called";
}

TEST(TcpWires, HandshakesThatBreakAreMadeAgain) {
  with_seeds(12, [](std::uint32_t seed) {
    Talk talk(seed, 4);
    ASSERT_TRUE(talk.run_until([&] { return talk.all_has_arrived(); }));
    talk.check_arrived();
    expect_nobody_gone(talk);
  });
}

TEST(TcpWires, BothEndsHearOfAConnectionThatBreaksAndNobodyElse) {
  with_seeds(20, [](std::uint32_t seed) {
    Talk talk(seed, 0);
    ASSERT_TRUE(talk.run_until([&] { return talk.all_has_arrived(); }));
    ASSERT_TRUE(talk.wires().break_one());
    std::vector<std::pair<WorldRank, WorldRank>> told;
    ASSERT_TRUE(talk.run_until([&] {
      told.clear();
      for (WorldRank rank = 0; rank < Talk::ranks; ++rank) {
        for (const auto& gone : talk.net().receiver(rank).gone())
          told.emplace_back(rank, gone.peer);
      }
      return told.size() >= 2;
    }));
    ASSERT_EQ(told.size(), 2u);
    EXPECT_EQ(told[0], std::pair(told[1].second, told[1].first));
    EXPECT_FALSE(talk.net().receiver(told[0].first).gone().front().orderly);
    talk.check_arrived();
  });
}

}  // namespace
}  // namespace prun::test
