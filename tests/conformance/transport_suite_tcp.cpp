// What holds for TCP alone: addresses, the handshake over a socket, and strangers.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <asio/ip/tcp.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/security/handshake.hpp"
#include "runtime/wire/limits.hpp"
#include "tests/conformance/transport_suite_tcp_net.hpp"

namespace prun::test {
namespace {

using testing::HasSubstr;
using transport::WorldRank;
using wire::Frame;
using wire::FrameKind;
using Bytes = std::vector<std::byte>;

Frame eager(std::int32_t tag, std::size_t bytes) {
  Frame frame;
  frame.kind = FrameKind::eager;
  frame.envelope = {1, tag, bytes, {}};
  return frame;
}

// Somebody with a plain socket to a rank.
class Caller {
 public:
  Caller(TcpNet& net, WorldRank rank, asio::io_context& loop)
      : net_(net), rank_(rank), socket_(loop) {
    socket_.connect(*net.endpoint(rank));
    socket_.non_blocking(true);
  }

  void say(std::span<const std::byte> bytes) {
    asio::error_code error;
    asio::write(socket_, asio::buffer(bytes.data(), bytes.size()), error);
  }

  // Runs the rank until so many bytes are here; false if it closes instead.
  bool hear(std::span<std::byte> into) {
    std::size_t got = 0;
    bool closed = false;
    net_.run_until([&] {
      asio::error_code error;
      got += socket_.read_some(asio::buffer(into.data() + got, into.size() - got), error);
      closed = error && error != asio::error::would_block;
      return closed || got == into.size();
    });
    return !closed;
  }

  bool closed() {
    std::array<std::byte, 1> byte{};
    return !hear(byte);
  }

  // What was said in a handshake, for whoever says it again.
  struct Said {
    security::Hello hello{};
    security::Challenge challenge{};
    security::Proof proof{};
  };

  // The handshake as `self`, up to the proof, which is not said yet. Nothing if it was broken off.
  std::optional<Said> begin(WorldRank self, const security::Key& key,
                            std::uint64_t job = TcpNet::job_id) {
    Said said;
    said.hello = security::make_hello(key, {job, self, rank_}, security::fresh_nonce());
    say(said.hello);
    if (!hear(said.challenge)) return std::nullopt;
    const auto contents = security::read_challenge(key, said.hello, said.challenge);
    if (!contents.ok() || contents.value().verdict == security::Verdict::refused)
      return std::nullopt;
    said.proof = security::make_proof(key, said.hello, said.challenge);
    return said;
  }

  // All of it. False if it was broken off.
  bool join(WorldRank self, const security::Key& key, std::uint64_t job = TcpNet::job_id) {
    const auto said = begin(self, key, job);
    if (!said) return false;
    say(said->proof);
    security::Welcome welcome{};
    return hear(welcome) &&
           security::welcome_holds(key, said->hello, said->challenge, said->proof, welcome);
  }

  // Without running anybody.
  bool still_open() {
    std::array<std::byte, 1> byte{};
    asio::error_code error;
    socket_.read_some(asio::buffer(byte), error);
    return error == asio::error::would_block;
  }

  void close() { socket_.close(); }

 private:
  TcpNet& net_;
  WorldRank rank_;
  asio::ip::tcp::socket socket_;
};

class TcpSuite : public testing::Test {
 protected:
  void SetUp() override {
    descriptors_ = open_descriptors();
    loop_ = std::make_unique<asio::io_context>(1);
  }
  void TearDown() override {
    callers_.clear();
    net_.reset();
    loop_.reset();
    EXPECT_EQ(open_descriptors(), descriptors_) << "descriptors are left open";
  }

  TcpNet& make(int ranks, bool shared = false) {
    net_ = std::make_unique<TcpNet>(ranks, shared);
    return *net_;
  }
  Caller& call(WorldRank rank) {
    callers_.push_back(std::make_unique<Caller>(*net_, rank, *loop_));
    return *callers_.back();
  }
  void send(WorldRank from, WorldRank to, std::int32_t tag, std::size_t bytes = 100) {
    net_->tcp(from).send_frame(to, eager(tag, bytes), Bytes(bytes, static_cast<std::byte>(tag)));
  }
  // Frames go both ways between ranks 0 and 1.
  void expect_undisturbed() {
    const std::size_t before0 = net_->receiver(0).arrived_from(1);
    const std::size_t before1 = net_->receiver(1).arrived_from(0);
    for (int tag = 0; tag < 20; ++tag) {
      send(0, 1, tag);
      send(1, 0, tag);
    }
    EXPECT_TRUE(net_->run_until([&] {
      return net_->receiver(0).arrived_from(1) == before0 + 20 &&
             net_->receiver(1).arrived_from(0) == before1 + 20;
    }));
    EXPECT_TRUE(net_->receiver(0).gone().empty());
    EXPECT_TRUE(net_->receiver(1).gone().empty());
  }

  std::unique_ptr<asio::io_context> loop_;  // of the callers, who never wait
  std::unique_ptr<TcpNet> net_;
  std::vector<std::unique_ptr<Caller>> callers_;

 private:
  std::size_t descriptors_ = 0;
};

TEST_F(TcpSuite, PortWhereNobodyListensIsNamed) {
  TcpNet& net = make(2);
  const std::string port = std::to_string(net.tcp(1).port());
  net.vanish(1);
  send(0, 1, 1);
  ASSERT_TRUE(net.run_until([&] { return net.receiver(0).times_gone(1) > 0; }));
  EXPECT_TRUE(net.receiver(0).gone().front().cause.starts_with(
      "refuses at 127.0.0.1 port " + port + ": nothing listens there (any more)"));
  EXPECT_FALSE(net.receiver(0).gone().front().orderly);
  EXPECT_TRUE(net.tcp(0).drained());
}

TEST_F(TcpSuite, AddressThatIsNoneIsRefused) {
  asio::io_context loop;
  RecordingReceiver receiver;
  const auto opened = transport::TcpTransport::open(loop, {{}, 1, 0, 2, "rpi3", {}}, receiver,
                                                    [](WorldRank) { return std::nullopt; });
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.failure().code, Errc::invalid_argument);
  EXPECT_EQ(opened.failure().text, "'rpi3' is not a numeric address");
}

TEST_F(TcpSuite, AddressOfAnotherMachineIsNamed) {
  asio::io_context loop;
  RecordingReceiver receiver;
  const auto opened = transport::TcpTransport::open(loop, {{}, 1, 0, 2, "192.0.2.1", {}}, receiver,
                                                    [](WorldRank) { return std::nullopt; });
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.failure().code, Errc::resource);
  EXPECT_EQ(opened.failure().text, "cannot listen on 192.0.2.1: Cannot assign requested address");
}

TEST_F(TcpSuite, FramesWaitForAnAddress) {
  TcpNet& net = make(2);
  const auto known = std::exchange(net.endpoint(1), std::nullopt);
  send(0, 1, 1);
  send(0, 1, 2);
  for (int i = 0; i < 10; ++i) net.step_all();
  EXPECT_FALSE(net.tcp(0).drained());
  EXPECT_FALSE(net.tcp(0).in_touch(1));
  net.endpoint(1) = known;
  net.tcp(0).endpoint_known(1);
  ASSERT_TRUE(net.run_until([&] { return net.receiver(1).arrived().size() == 2; }));
  EXPECT_TRUE(net.tcp(0).in_touch(1));
}

TEST_F(TcpSuite, AnswererWithoutTheKeyIsNamed) {
  TcpNet& net = make(2);
  TcpNet other_job(2, false);
  net.endpoint(1) = other_job.endpoint(1);
  send(0, 1, 1);
  // Whoever listens there takes the hello for a stranger's and hangs up, each time.
  ASSERT_TRUE(net.run_until([&] {
    other_job.step_all();
    return net.receiver(0).times_gone(1) > 0;
  }));
  EXPECT_EQ(net.receiver(0).gone().front().cause, "closed the connection during the handshake");
  EXPECT_TRUE(other_job.receiver(1).arrived().empty());
}

TEST_F(TcpSuite, RankThatFollowsTheHandshakeIsHeard) {
  TcpNet& net = make(2);
  Caller& caller = call(0);
  ASSERT_TRUE(caller.join(1, net.key()));
  // One byte at a time: a header may begin in one read and end in another.
  const Bytes payload(5, std::byte{7});
  const auto header = wire::encode_header(eager(3, 5), nullptr);
  Bytes stream(header.view().begin(), header.view().end());
  stream.insert(stream.end(), payload.begin(), payload.end());
  stream.push_back(std::byte{2});  // the same envelope again
  stream.insert(stream.end(), payload.begin(), payload.end());
  for (const std::byte byte : stream) {
    caller.say({&byte, 1});
    for (int i = 0; i < 3; ++i) net.step(0);
  }
  ASSERT_TRUE(net.run_until([&] { return net.receiver(0).arrived().size() == 2; }));
  for (const auto& arrived : net.receiver(0).arrived()) {
    EXPECT_EQ(arrived.frame.envelope.tag, 3);
    EXPECT_EQ(arrived.payload, payload);
  }
}

TEST_F(TcpSuite, WhatNoRankSendsEndsTheConnectionAndIsNamed) {
  struct Lie {
    Bytes bytes;
    std::string cause;
  };
  Frame bad_tag = eager(0, 1);
  bad_tag.envelope.tag = -1;
  const auto encoded = [](const Frame& frame) {
    const auto header = wire::encode_header(frame, nullptr);
    return Bytes(header.view().begin(), header.view().end());
  };
  const std::vector<Lie> lies{
      {{std::byte{99}}, "sent what no rank sends: data frame of an unknown kind 99"},
      {{std::byte{2}},
       "sent what no rank sends: data frame that repeats an envelope before there was one"},
      {encoded(bad_tag), "sent what no rank sends: data frame with a negative tag"},
  };
  for (const Lie& lie : lies) {
    TcpNet& net = make(2);
    Caller& caller = call(0);
    ASSERT_TRUE(caller.join(1, net.key()));
    caller.say(lie.bytes);
    EXPECT_TRUE(caller.closed());
    ASSERT_EQ(net.receiver(0).times_gone(1), 1u);
    EXPECT_EQ(net.receiver(0).gone().front().cause, lie.cause);
    EXPECT_FALSE(net.receiver(0).gone().front().orderly);
    callers_.clear();
  }
}

TEST_F(TcpSuite, CompressedLiesEndTheConnectionAndAreNamed) {
  const auto compressed = [](std::uint32_t history, std::uint32_t packed, std::byte filler) {
    Frame frame;
    frame.kind = FrameKind::lz4_data;
    frame.send_id = 1;
    frame.length = 1000;
    frame.packed_length = packed;
    frame.history = history;
    const auto header = wire::encode_header(frame, nullptr);
    Bytes bytes(header.view().begin(), header.view().end());
    bytes.resize(bytes.size() + packed, filler);
    return bytes;
  };
  const std::vector<std::pair<Bytes, std::string>> lies{
      {compressed(0, 1000, {}),
       "sent what no rank sends: data frame with 1000 bytes that stand for 1000"},
      {compressed(1, 10, {}),
       "sent a compressed segment that refers to 1 bytes of its message, 0 of which are here"},
      {compressed(0, 10, std::byte{0xff}),
       "sent a compressed segment that does not unpack to its 1000 bytes"},
  };
  for (const auto& [bytes, cause] : lies) {
    TcpNet& net = make(2);
    Caller& caller = call(0);
    ASSERT_TRUE(caller.join(1, net.key()));
    caller.say(bytes);
    EXPECT_TRUE(caller.closed());
    ASSERT_EQ(net.receiver(0).times_gone(1), 1u);
    EXPECT_EQ(net.receiver(0).gone().front().cause, cause);
    EXPECT_FALSE(net.receiver(0).gone().front().orderly);
    callers_.clear();
  }
}

TEST_F(TcpSuite, ConnectionCutInsideAHeaderIsNoGoodbye) {
  TcpNet& net = make(2);
  Caller& caller = call(0);
  ASSERT_TRUE(caller.join(1, net.key()));
  caller.say(Bytes(1, std::byte{1}));
  caller.close();
  ASSERT_TRUE(net.run_until([&] { return net.receiver(0).times_gone(1) > 0; }));
  EXPECT_EQ(net.receiver(0).gone().front().cause, "closed the connection without a word");
  EXPECT_FALSE(net.receiver(0).gone().front().orderly);
}

TEST_F(TcpSuite, SpeechAfterGoodbyeIsNotHeard) {
  TcpNet& net = make(2);
  Caller& caller = call(0);
  ASSERT_TRUE(caller.join(1, net.key()));
  Frame bye;
  const auto goodbye = wire::encode_header(bye, nullptr);
  const auto more = wire::encode_header(eager(1, 0), nullptr);
  Bytes stream(goodbye.view().begin(), goodbye.view().end());
  stream.insert(stream.end(), more.view().begin(), more.view().end());
  caller.say(stream);
  EXPECT_TRUE(caller.closed());
  ASSERT_EQ(net.receiver(0).times_gone(1), 1u);
  EXPECT_TRUE(net.receiver(0).gone().front().orderly);
  EXPECT_TRUE(net.receiver(0).arrived().empty());
}

TEST_F(TcpSuite, StrangersAreTurnedAway) {
  TcpNet& net = make(2);
  expect_undisturbed();

  Caller& garbage = call(0);
  garbage.say(Bytes(4096, std::byte{'G'}));
  EXPECT_TRUE(garbage.closed());

  security::Key other = net.key();
  other[31] ^= std::byte{1};
  EXPECT_FALSE(call(0).join(1, other)) << "without the key";
  EXPECT_FALSE(call(0).join(1, net.key(), TcpNet::job_id + 1)) << "of another job";
  EXPECT_FALSE(call(0).join(0, net.key())) << "as the rank it calls";
  EXPECT_FALSE(call(0).join(2, net.key())) << "as a rank beyond the job";
  EXPECT_FALSE(call(0).join(-1, net.key()));
  EXPECT_FALSE(call(0).join(1, net.key())) << "as a rank that is connected already";
  expect_undisturbed();
}

TEST_F(TcpSuite, RecordedHandshakeIsWorthless) {
  TcpNet& net = make(2);
  Caller& first = call(0);
  const auto said = first.begin(1, net.key());
  ASSERT_TRUE(said);
  first.close();

  Caller& replay = call(0);
  replay.say(said->hello);
  replay.say(said->proof);
  EXPECT_TRUE(replay.closed()) << "without an answer";
  expect_undisturbed();
}

// All that one connection said, said again on another while and after the first is there.
TEST_F(TcpSuite, RecordedConnectionIsWorthless) {
  TcpNet& net = make(2);
  Caller& first = call(0);
  const auto said = first.begin(1, net.key());
  ASSERT_TRUE(said);
  first.say(said->proof);
  security::Welcome welcome{};
  ASSERT_TRUE(first.hear(welcome));
  const auto header = wire::encode_header(eager(3, 0), nullptr);
  first.say(header.view());
  ASSERT_TRUE(net.run_until([&] { return net.receiver(0).arrived().size() == 1; }));
  Caller& replay = call(0);
  replay.say(said->hello);
  replay.say(said->proof);
  replay.say(header.view());
  EXPECT_TRUE(replay.closed());
  EXPECT_EQ(net.receiver(0).arrived().size(), 1u);
}

// Its own words back: a rank that is called takes them neither for a hello nor for an answer.
TEST_F(TcpSuite, ReflectedWordsAreWorthless) {
  TcpNet& net = make(2);
  asio::ip::tcp::acceptor mirror(*loop_, {asio::ip::make_address("127.0.0.1"), 0});
  mirror.non_blocking(true);
  net.endpoint(1) = mirror.local_endpoint();
  send(0, 1, 1);
  asio::ip::tcp::socket caught(*loop_);
  asio::error_code error = asio::error::would_block;
  ASSERT_TRUE(net.run_until([&] {
    if (error) mirror.accept(caught, error);
    return !error;
  }));
  caught.non_blocking(true);
  security::Hello hello{};
  std::size_t got = 0;
  ASSERT_TRUE(net.run_until([&] {
    asio::error_code none;
    got += caught.read_some(asio::buffer(hello.data() + got, hello.size() - got), none);
    return got == hello.size();
  }));
  // To itself as a hello: it is meant for rank 1.
  Caller& reflector = call(0);
  reflector.say(hello);
  EXPECT_TRUE(reflector.closed());
  // And as the answer to itself.
  asio::write(caught, asio::buffer(hello.data(), security::challenge_bytes), error);
  ASSERT_TRUE(net.run_until([&] { return net.receiver(0).times_gone(1) > 0; }));
  EXPECT_EQ(net.receiver(0).gone().front().cause, "answered without this job's key");
}

// Unknown key share: what rank 1 has said to rank 0, said to rank 2, makes nobody believe that it
// talks to somebody else.
TEST_F(TcpSuite, WordsForOneRankAreNothingToAnother) {
  TcpNet& net = make(3);
  const security::Hello hello =
      security::make_hello(net.key(), {TcpNet::job_id, 1, 0}, security::fresh_nonce());
  Caller& astray = call(2);
  astray.say(hello);
  EXPECT_TRUE(astray.closed());
  // An answer of rank 2 to rank 1's hello for it does not pass for one of rank 0.
  const security::Hello for_two =
      security::make_hello(net.key(), {TcpNet::job_id, 1, 2}, security::fresh_nonce());
  Caller& caller = call(2);
  caller.say(for_two);
  security::Challenge challenge{};
  ASSERT_TRUE(caller.hear(challenge));
  EXPECT_TRUE(security::read_challenge(net.key(), for_two, challenge).ok());
  EXPECT_FALSE(security::read_challenge(net.key(), hello, challenge).ok());
}

TEST_F(TcpSuite, EncryptionIsAgreedOnOrThereIsNoConnection) {
  for (const bool asks : {false, true}) {
    TcpNet plain(2, false);
    TcpNet sealed(2, false, core::CompressionMode::off, true, plain.key());
    TcpNet& caller = asks ? sealed : plain;
    TcpNet& called = asks ? plain : sealed;
    caller.endpoint(1) = called.endpoint(1);
    caller.tcp(0).send_frame(1, eager(1, 3), Bytes(3));
    ASSERT_TRUE(caller.run_until([&] {
      called.step_all();
      return caller.receiver(0).times_gone(1) > 0;
    }));
    EXPECT_EQ(caller.receiver(0).gone().front().cause,
              asks ? "does not encrypt, which --encrypt demands"
                   : "demands encryption, which is off here");
    EXPECT_TRUE(called.receiver(1).arrived().empty());
  }
}

TEST_F(TcpSuite, EncryptedConnectionShowsNothingOfItsBytes) {
  // Between two ranks stands somebody who passes on what he reads.
  TcpNet net(2, false, core::CompressionMode::off, true);
  asio::ip::tcp::acceptor tap(*loop_, {asio::ip::make_address("127.0.0.1"), 0});
  tap.non_blocking(true);
  asio::ip::tcp::socket near(*loop_);
  asio::ip::tcp::socket far(*loop_);
  far.connect(*net.endpoint(1));
  far.non_blocking(true);
  net.endpoint(1) = tap.local_endpoint();
  std::string seen;
  bool caught = false;
  const auto pass_on = [&](asio::ip::tcp::socket& from, asio::ip::tcp::socket& to) {
    std::array<char, 4096> bytes;
    asio::error_code error;
    const std::size_t got = from.read_some(asio::buffer(bytes), error);
    seen.append(bytes.data(), got);
    std::size_t sent = 0;
    while (sent < got) sent += to.write_some(asio::buffer(bytes.data() + sent, got - sent), error);
  };
  const std::string secret(300, 's');
  Bytes payload(secret.size());
  std::transform(secret.begin(), secret.end(), payload.begin(),
                 [](char letter) { return static_cast<std::byte>(letter); });
  net.tcp(0).send_frame(1, eager(1, payload.size()), payload);
  ASSERT_TRUE(net.run_until([&] {
    asio::error_code error;
    if (!caught) {
      tap.accept(near, error);
      caught = !error;
      if (caught) near.non_blocking(true);
    } else {
      pass_on(near, far);
      pass_on(far, near);
    }
    return net.receiver(1).arrived().size() == 1;
  }));
  EXPECT_EQ(net.receiver(1).arrived().front().payload, payload);
  EXPECT_GT(seen.size(), payload.size());
  EXPECT_EQ(seen.find("ssss"), std::string::npos);
}

TEST_F(TcpSuite, NothingIsHeldBackForAPeerThatHasSaidGoodbye) {
  for (const bool encrypt : {false, true}) {
    TcpNet net(2, false, core::CompressionMode::off, encrypt);
    net.tcp(0).send_frame(1, eager(1, 3), Bytes(3));
    ASSERT_TRUE(net.run_until([&] { return net.receiver(1).arrived().size() == 1; }));
    // It does not read, and then it leaves.
    while (net.tcp(0).flushed(1)) net.tcp(0).send_frame(1, eager(2, 100'000), Bytes(100'000));
    net.tcp(1).close();
    while (net.receiver(0).times_gone(1) == 0) net.step(0);
    EXPECT_TRUE(net.receiver(0).gone().front().orderly);
    EXPECT_TRUE(net.tcp(0).flushed(1));
    EXPECT_TRUE(net.tcp(0).flushed());
    EXPECT_TRUE(net.tcp(0).drained());
  }
}

// Sixty-four places full of strangers, and more of them all the time: whoever has the key gets in.
TEST_F(TcpSuite, CrowdDoesNotPushOutARankThatHasSaidHello) {
  TcpNet& net = make(2);
  const security::Hello hello =
      security::make_hello(net.key(), {TcpNet::job_id, 1, 0}, security::fresh_nonce());
  for (int i = 0; i < 64; ++i) call(0);
  Caller& rank = call(0);
  rank.say(hello);
  security::Challenge challenge{};
  ASSERT_TRUE(rank.hear(challenge));
  // It is slow with its proof.
  for (int i = 0; i < 200; ++i) {
    call(0).say(Bytes(5, std::byte{'p'}));
    net.step(0);
  }
  const auto proof = security::make_proof(net.key(), hello, challenge);
  rank.say(proof);
  security::Welcome welcome{};
  ASSERT_TRUE(rank.hear(welcome));
  EXPECT_TRUE(security::welcome_holds(net.key(), hello, challenge, proof, welcome));
}

TEST_F(TcpSuite, CrowdOfStrangersIsBoundedAndDisturbsNobody) {
  TcpNet& net = make(2);
  constexpr std::size_t crowd = 400;
  for (std::size_t i = 0; i < crowd; ++i) {
    Caller& caller = call(0);
    if (i % 3 == 1) caller.say(Bytes(95, std::byte{'p'}));  // one byte short of a hello
    if (i % 3 == 2) caller.say(Bytes(1, std::byte{'p'}));
  }
  // Two ranks that have not met yet meet in the middle of it.
  expect_undisturbed();
  for (int i = 0; i < 1000; ++i) net.step_all();
  std::size_t still_open = 0;
  for (auto& caller : callers_) {
    if (caller->still_open()) ++still_open;
  }
  EXPECT_LE(still_open, 64u) << "the oldest are cut off";
  EXPECT_GT(still_open, 0u);
  expect_undisturbed();
  callers_.clear();
  expect_undisturbed();
}

// A connection in the making holds on to things of the transport: at whatever step of it the
// transport ends, the other's event loop goes on with nothing left behind.
TEST_F(TcpSuite, EndAtAnyStepOfAHandshakeLeavesNothingBehind) {
  for (int steps = 0; steps < 40; ++steps) {
    for (const WorldRank leaves : {0, 1}) {
      TcpNet& net = make(2, true);
      send(0, 1, 1);
      send(1, 0, 1);
      for (int i = 0; i < steps; ++i) net.loop(0).poll_one();
      net.vanish(leaves);
      for (int i = 0; i < 20; ++i) net.step_all();
    }
  }
}

}  // namespace
}  // namespace prun::test
