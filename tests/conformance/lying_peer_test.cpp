// A peer that holds the key of the job and says what no rank of ours says: each lie about each field of
// each kind of frame, as plain bytes and in records. Whoever it says it to waits for a message of it,
// and gets an error that names the peer, in bounded memory.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>
#include <chrono>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "runtime/p2p/endpoint.hpp"
#include "runtime/security/random.hpp"
#include "runtime/security/records.hpp"
#include "runtime/transport/tcp/tcp_transport.hpp"
#include "runtime/wire/codec.hpp"

namespace prun::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using transport::WorldRank;
using wire::Frame;
using wire::FrameKind;
using Bytes = std::vector<std::byte>;

constexpr std::uint64_t job_id = 77;
constexpr std::uint32_t context = 4;
constexpr std::int32_t wanted_tag = 5;
constexpr std::int32_t unwanted_tag = 6;
constexpr auto all_ones = std::numeric_limits<std::uint64_t>::max();

// Rank 0 of 2, whole from the socket to matching, and in its hands a receive from rank 1.
class Victim {
 public:
  explicit Victim(bool encrypt)
      : endpoint_(
            limits(), [this](WorldRank) -> transport::Transport& { return *transport_; },
            [this](WorldRank rank, bool orderly, const std::string& cause) {
              causes_.push_back(cause);
              if (orderly) {
                endpoint_.peer_finished(rank);
              } else {
                endpoint_.peer_lost(rank, cause);
              }
            },
            [](WorldRank rank) { return "rank " + std::to_string(rank) + " on rpi2"; }),
        receive_(endpoint_) {
    security::random_bytes(key_);
    transport::TcpTransport::Settings settings;
    settings.key = key_;
    settings.job_id = job_id;
    settings.self = 0;
    settings.size = 2;
    settings.bind_address = "127.0.0.1";
    settings.encrypt = encrypt;
    auto opened = transport::TcpTransport::open(loop_, settings, endpoint_,
                                                [](WorldRank) { return std::nullopt; });
    EXPECT_TRUE(opened.ok());
    transport_ = std::move(opened).value();
    endpoint_.start_recv(receive_, {context, 1, wanted_tag}, detail::recv_buffer(into_), {});
  }

  void step() {
    loop_.poll();
    loop_.restart();
    if (!transport_->progress()) transport_->arm();
    endpoint_.run_ready();
  }

  p2p::Endpoint& endpoint() { return endpoint_; }
  const p2p::RecvOperation& receive() const { return receive_; }
  const std::vector<std::string>& causes() const { return causes_; }
  const security::Key& key() const { return key_; }
  std::uint16_t port() const { return transport_->port(); }

  static p2p::Limits limits() {
    p2p::Limits limits;
    limits.unexpected_per_peer = 3000;
    limits.unread_bytes = 64u << 10;
    return limits;
  }

 private:
  asio::io_context loop_{1};
  security::Key key_{};
  std::unique_ptr<transport::TcpTransport> transport_;
  p2p::Endpoint endpoint_;
  Bytes into_ = Bytes(1u << 20);
  p2p::RecvOperation receive_;
  std::vector<std::string> causes_;
};

// Rank 1: a socket, the key, and no scruples.
class Liar {
 public:
  Liar(Victim& victim, bool encrypt) : victim_(victim), socket_(loop_) {
    socket_.connect({asio::ip::make_address("127.0.0.1"), victim.port()});
    socket_.non_blocking(true);
    const security::Hello hello =
        security::make_hello(victim.key(), {job_id, 1, 0, encrypt}, security::fresh_nonce());
    security::Challenge challenge{};
    security::Welcome welcome{};
    say(hello);
    EXPECT_TRUE(hear(challenge));
    const auto proof = security::make_proof(victim.key(), hello, challenge);
    say(proof);
    EXPECT_TRUE(hear(welcome));
    EXPECT_TRUE(security::welcome_holds(victim.key(), hello, challenge, proof, welcome));
    if (!encrypt) return;
    const auto keys = security::connector_keys(victim.key(), hello, challenge);
    sealer_.emplace(keys.outgoing);
  }

  // Says all of it, as far as the victim listens.
  void tell(const Bytes& text) {
    Bytes records;
    if (sealer_) security::seal_all(*sealer_, text, records);
    say(sealer_ ? records : text);
  }
  void close() { socket_.close(); }

 private:
  void say(std::span<const std::byte> bytes) {
    asio::error_code error;
    while (!bytes.empty()) {
      bytes = bytes.subspan(socket_.write_some(asio::buffer(bytes.data(), bytes.size()), error));
      if (error && error != asio::error::would_block) return;
      victim_.step();
    }
  }
  bool hear(std::span<std::byte> into) {
    asio::error_code error;
    while (!into.empty()) {
      into = into.subspan(socket_.read_some(asio::buffer(into.data(), into.size()), error));
      if (error && error != asio::error::would_block) return false;
      victim_.step();
    }
    return true;
  }

  Victim& victim_;
  asio::io_context loop_{1};
  asio::ip::tcp::socket socket_;
  std::optional<security::RecordCipher> sealer_;
};

Frame frame_of(FrameKind kind) {
  Frame frame;
  frame.kind = kind;
  return frame;
}

Frame message(FrameKind kind, std::int32_t tag, std::uint64_t bytes, std::uint64_t send_id = 1) {
  Frame frame = frame_of(kind);
  frame.envelope = {context, tag, bytes, {}};
  frame.send_id = send_id;
  return frame;
}

Frame numbered(FrameKind kind, std::uint64_t send_id, std::uint32_t length = 0) {
  Frame frame = frame_of(kind);
  frame.send_id = send_id;
  frame.length = length;
  return frame;
}

Frame packed(std::uint64_t send_id, std::uint32_t length, std::uint32_t bytes,
             std::uint32_t history = 0) {
  Frame frame = numbered(FrameKind::lz4_data, send_id, length);
  frame.packed_length = bytes;
  frame.history = history;
  return frame;
}

Frame credit(std::uint32_t envelopes, std::uint64_t bytes) {
  Frame frame = frame_of(FrameKind::credit);
  frame.envelopes = envelopes;
  frame.credit_bytes = bytes;
  return frame;
}

// The header, with an altered byte or more, and behind it so much payload.
Bytes bytes_of(const Frame& frame, std::size_t payload = 0,
               const std::function<void(std::byte* header)>& alter = nullptr) {
  const auto header = wire::encode_header(frame, nullptr);
  Bytes bytes(header.view().begin(), header.view().end());
  if (alter) alter(bytes.data());
  bytes.resize(bytes.size() + payload, std::byte{0xff});
  return bytes;
}

Bytes operator+(Bytes first, const Bytes& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

Bytes times(std::size_t count, const std::function<Bytes(std::size_t)>& one) {
  Bytes all;
  for (std::size_t i = 0; i < count; ++i) all = std::move(all) + one(i);
  return all;
}

struct Lie {
  std::string name;
  Bytes bytes;
  std::string cause;    // in the error that the receive ends with
  bool leaves = false;  // the liar closes its socket behind it
  std::function<Bytes()> flood =
      nullptr;  // what follows; made by the test that needs it, as it is large
};
std::ostream& operator<<(std::ostream& out, const Lie& lie) {
  return out << lie.name;
}

void put32(std::byte* at, std::uint32_t value) {
  wire::store_little(at, value);
}
void put64(std::byte* at, std::uint64_t value) {
  wire::store_little(at, value);
}

// The receive is met: its payload is on its way under number 1.
Bytes offered(std::uint64_t bytes) {
  return bytes_of(message(FrameKind::rts, wanted_tag, bytes));
}

std::vector<Lie> lies() {
  const Frame eager = message(FrameKind::eager, unwanted_tag, 8);
  const Frame rts = message(FrameKind::rts, unwanted_tag, 8);
  std::vector<Lie> all{
      {"kind_0", Bytes(64), "unknown kind 0"},
      {"kind_10", Bytes(64, std::byte{10}), "unknown kind 10"},
      {"kind_255", Bytes(64, std::byte{255}), "unknown kind 255"},
      {"eager_again_first", {std::byte{2}}, "repeats an envelope before there was one"},
      {"eager_over_a_mebibyte", bytes_of(message(FrameKind::eager, unwanted_tag, (1u << 20) + 1)),
       "more than its kind may carry"},
      {"eager_beyond_its_room", bytes_of(message(FrameKind::eager, unwanted_tag, (256u << 10) + 1)),
       "more than it was given room for"},
      {"eager_beyond_its_room_in_sum",
       times(17,
             [](std::size_t) {
               return bytes_of(message(FrameKind::eager, unwanted_tag, 16u << 10), 16u << 10);
             }),
       "more than it was given room for"},
      {"eager_again_beyond_its_room",
       bytes_of(message(FrameKind::eager, unwanted_tag, 0)) + Bytes(1024, std::byte{2}),
       "more than it was given room for"},
      {"rts_flag", bytes_of(rts, 0, [](std::byte* h) { h[2] = std::byte{2}; }), "unknown flag"},
      {"rts_number_zero", bytes_of(message(FrameKind::rts, unwanted_tag, 8, 0)),
       "two messages under one number"},
      {"rts_number_again", bytes_of(rts) + bytes_of(rts), "two messages under one number"},
      {"rts_number_of_the_past",
       bytes_of(message(FrameKind::rts, unwanted_tag, 8, 9)) + bytes_of(rts),
       "two messages under one number"},
      {"rts_too_long", bytes_of(message(FrameKind::rts, unwanted_tag, (1ull << 46) + 1)),
       "more than its kind may carry"},
      {"rts_beyond_its_room",
       times(
           1025,
           [](std::size_t i) { return bytes_of(message(FrameKind::rts, unwanted_tag, 8, i + 1)); }),
       "more than it was given room for"},
      {"cts_flag",
       bytes_of(numbered(FrameKind::cts, 1), 0, [](std::byte* h) { h[1] = std::byte{2}; }),
       "unknown flag"},
      {"cts_of_nothing", bytes_of(numbered(FrameKind::cts, 7)), "that was not offered"},
      {"cts_twice", bytes_of(numbered(FrameKind::cts, 1)) + bytes_of(numbered(FrameKind::cts, 1)),
       "that was not offered"},
      {"cts_refused_and_wanted",
       bytes_of(numbered(FrameKind::cts, 1), 0, [](std::byte* h) { h[1] = std::byte{1}; }) +
           bytes_of(numbered(FrameKind::cts, 1)),
       "that was not offered"},
      {"data_of_nothing", bytes_of(numbered(FrameKind::data, 1, 8), 8), "nobody asked for"},
      {"data_of_another", offered(64) + bytes_of(numbered(FrameKind::data, 2, 8), 8),
       "nobody asked for"},
      {"data_of_no_length", offered(64) + bytes_of(numbered(FrameKind::data, 1, 0)),
       "segment of 0 bytes"},
      {"data_too_long", offered(1u << 20) + bytes_of(numbered(FrameKind::data, 1, (1u << 20) + 1)),
       "segment of 1048577 bytes"},
      {"data_of_all_ones", offered(64) + bytes_of(numbered(FrameKind::data, 1, 0xffffffff)),
       "segment of 4294967295"},
      {"data_beyond_the_end", offered(64) + bytes_of(numbered(FrameKind::data, 1, 65), 65),
       "more of a payload than it announced"},
      {"data_beyond_the_end_in_sum",
       offered(64) + bytes_of(numbered(FrameKind::data, 1, 60), 60) +
           bytes_of(numbered(FrameKind::data, 1, 5), 5),
       "more of a payload than it announced"},
      {"lz4_of_nothing", bytes_of(packed(1, 100, 10), 10), "nobody asked for"},
      {"lz4_of_no_length", offered(100) + bytes_of(packed(1, 0, 0)), "segment of 0 bytes"},
      {"lz4_too_long", offered(1u << 20) + bytes_of(packed(1, (64u << 10) + 1, 10), 10),
       "segment of 65537 bytes"},
      {"lz4_beyond_the_end", offered(100) + bytes_of(packed(1, 101, 10), 10),
       "more of a payload than it announced"},
      {"lz4_of_no_bytes", offered(100) + bytes_of(packed(1, 100, 0)), "0 bytes that stand for 100"},
      {"lz4_as_long_as_plain", offered(100) + bytes_of(packed(1, 100, 100), 100),
       "100 bytes that stand for 100"},
      {"lz4_history_too_long", offered(100) + bytes_of(packed(1, 100, 10, (64u << 10) + 1), 10),
       "refers to the 65537 bytes before it"},
      {"lz4_history_that_is_not_there", offered(100) + bytes_of(packed(1, 100, 10, 1), 10),
       "refers to 1 bytes of its message, 0 of which are here"},
      {"lz4_history_of_another_message",
       offered(200) + bytes_of(numbered(FrameKind::data, 1, 100), 100) +
           bytes_of(packed(1, 50, 10, 101), 10),
       "100 of which are here"},
      {"lz4_garbage", offered(100) + bytes_of(packed(1, 100, 20), 20), "does not unpack"},
      {"credit_of_too_many_envelopes", bytes_of(credit(0xffffffff, 0)), "than can be counted"},
      {"credit_of_too_many_bytes", bytes_of(credit(0, all_ones)), "than can be counted"},
      {"goes_on_after_bye", bytes_of(frame_of(FrameKind::bye)) + bytes_of(eager, 8),
       "has finished"},
      {"leaves_without_a_word", {}, "the connection", true},
      {"leaves_in_a_header", {std::byte{1}}, "the connection", true},
      {"leaves_in_a_payload", bytes_of(eager, 7), "the connection", true},
      // Stalled, so it is granted more again and again, for messages that nobody wants.
      {.name = "fills_the_memory_with_envelopes",
       .bytes = {},
       .cause = "messages waiting here that nobody receives",
       .flood =
           [] {
             return times(4000, [](std::size_t i) {
               return bytes_of(frame_of(FrameKind::stalled)) +
                      bytes_of(message(FrameKind::rts, unwanted_tag, 8, i + 1));
             });
           }},
      {.name = "does_not_read_what_it_is_answered",
       .bytes = {},
       .cause = "does not read what it is answered",
       .flood =
           [] {
             return times(400000,
                          [](std::size_t) { return bytes_of(frame_of(FrameKind::stalled)); });
           }},
  };
  for (const FrameKind kind : {FrameKind::eager, FrameKind::rts}) {
    const Frame& frame = kind == FrameKind::eager ? eager : rts;
    const std::string name = kind == FrameKind::eager ? "eager_" : "rts_";
    for (const unsigned element : {0u, 10u, 255u}) {
      all.push_back({name + "element_kind_" + std::to_string(element),
                     bytes_of(frame, 8, [&](std::byte* h) { h[1] = std::byte(element); }),
                     "unknown element kind " + std::to_string(element)});
    }
    all.push_back({name + "elements_of_no_size",
                   bytes_of(frame, 8, [](std::byte* h) { put32(h + 4, 0); }), "of no size"});
    for (const std::uint32_t tag : {0x80000000u, 0xffffffffu}) {
      all.push_back({name + "tag_" + std::to_string(tag),
                     bytes_of(frame, 8, [&](std::byte* h) { put32(h + 12, tag); }),
                     "negative tag"});
    }
    all.push_back({name + "count_of_all_ones",
                   bytes_of(frame, 8, [](std::byte* h) { put64(h + 16, all_ones); }),
                   "more than its kind may carry"});
    all.push_back({name + "count_times_size_wraps",
                   bytes_of(frame, 8,
                            [](std::byte* h) {
                              put32(h + 4, 0x80000000);
                              put64(h + 16, (1ull << 33) + 1);
                            }),
                   "more than its kind may carry"});
  }
  return all;
}

std::size_t descriptors() {
  std::size_t count = 0;
  for (int fd = 0; fd < 1024; ++fd) {
    if (::fcntl(fd, F_GETFD) >= 0) ++count;
  }
  return count;
}

class LyingPeer : public testing::TestWithParam<std::tuple<Lie, bool>> {};

TEST_P(LyingPeer, IsNamedAndCutOffInBoundedMemory) {
  const auto& [lie, encrypt] = GetParam();
  const std::size_t open_before = descriptors();
  {
    Victim victim(encrypt);
    Liar liar(victim, encrypt);
    // A message of ours that waits for the liar's answer, with the number 1.
    const Bytes ours(100u << 10);
    p2p::SendOperation send(victim.endpoint());
    victim.endpoint().start_send(send, 1, context, 0, detail::send_buffer(ours), true);
    const std::size_t memory_before = ::mallinfo2().uordblks;

    liar.tell(lie.bytes);
    if (lie.flood) liar.tell(lie.flood());
    if (lie.leaves) liar.close();
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!victim.receive().done() && std::chrono::steady_clock::now() < deadline) victim.step();

    ASSERT_TRUE(victim.receive().done()) << "it waits for ever";
    ASSERT_NE(victim.receive().failure(), nullptr);
    EXPECT_THAT(victim.receive().failure()->text, StartsWith("rank 1 on rpi2 "));
    EXPECT_THAT(victim.receive().failure()->text, HasSubstr(lie.cause));
    EXPECT_EQ(victim.receive().failure()->peer, 1);
    EXPECT_EQ(victim.causes().size(), 1u) << "it is told once";
    EXPECT_TRUE(send.done());
    const std::size_t memory = ::mallinfo2().uordblks;
    EXPECT_LT(memory, memory_before + (3u << 20));
  }
  EXPECT_EQ(descriptors(), open_before);
}

INSTANTIATE_TEST_SUITE_P(Each, LyingPeer,
                         testing::Combine(testing::ValuesIn(lies()), testing::Bool()),
                         [](const auto& of) {
                           return std::get<0>(of.param).name +
                                  (std::get<1>(of.param) ? "_encrypted" : "");
                         });

// What one who has no key does to the bytes on their way.
class TamperedRecords : public testing::TestWithParam<std::string> {};

TEST_P(TamperedRecords, EndTheConnection) {
  // A man in the middle: the handshake goes through him, then he has his way with one record.
  Victim victim(true);
  asio::io_context loop(1);
  asio::ip::tcp::socket middle(loop);
  middle.connect({asio::ip::make_address("127.0.0.1"), victim.port()});
  middle.non_blocking(true);
  const auto hear = [&](std::span<std::byte> into) {
    asio::error_code error;
    while (!into.empty()) {
      into = into.subspan(middle.read_some(asio::buffer(into.data(), into.size()), error));
      ASSERT_TRUE(!error || error == asio::error::would_block);
      victim.step();
    }
  };
  const security::Hello hello =
      security::make_hello(victim.key(), {job_id, 1, 0, true}, security::fresh_nonce());
  security::Challenge challenge{};
  security::Welcome welcome{};
  asio::write(middle, asio::buffer(hello));
  hear(challenge);
  asio::write(middle, asio::buffer(security::make_proof(victim.key(), hello, challenge)));
  hear(welcome);
  security::RecordCipher honest(security::connector_keys(victim.key(), hello, challenge).outgoing);
  Bytes first;
  Bytes second;
  security::seal_all(honest, bytes_of(message(FrameKind::eager, unwanted_tag, 8), 8), first);
  security::seal_all(honest, bytes_of(message(FrameKind::eager, wanted_tag, 8), 8), second);

  Bytes sent;
  const std::string how = GetParam();
  if (how == "altered") {
    second[7] ^= std::byte{1};
    sent = first + second;
  } else if (how == "repeated") {
    sent = first + first;
  } else if (how == "left_out") {
    sent = second;
  } else if (how == "swapped") {
    sent = second + first;
  } else if (how == "plain") {
    sent = bytes_of(message(FrameKind::eager, wanted_tag, 1024), 1024);
  } else if (how == "truncated") {
    sent = first + Bytes(second.begin(), second.end() - 1);
  } else if (how == "closed_between_records") {
    sent = first;
  }
  asio::write(middle, asio::buffer(sent));
  if (how == "truncated" || how == "closed_between_records") middle.close();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!victim.receive().done() && std::chrono::steady_clock::now() < deadline) victim.step();
  ASSERT_TRUE(victim.receive().done());
  ASSERT_NE(victim.receive().failure(), nullptr) << "it was believed";
  EXPECT_EQ(victim.receive().failure()->code, Errc::peer_lost) << "no orderly end";
  EXPECT_THAT(victim.receive().failure()->text, StartsWith("rank 1 on rpi2 "));
}

INSTANTIATE_TEST_SUITE_P(Each, TamperedRecords,
                         testing::Values("altered", "repeated", "left_out", "swapped", "plain",
                                         "truncated", "closed_between_records"),
                         [](const auto& of) { return of.param; });

}  // namespace
}  // namespace prun::test
