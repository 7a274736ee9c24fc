// A rank whose peer holds the key and then sends anything: the stream of a connection, from its bytes
// up to the messages of a program that goes on meanwhile.

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <asio/io_context.hpp>
#include <memory>

#include "runtime/transport/tcp/tcp_connection.hpp"
#include "tests/fuzz/endpoint_driver.hpp"
#include "tests/fuzz/targets.hpp"

namespace prun::fuzz {
namespace {

using transport::BulkSend;
using transport::TcpConnection;
using transport::WorldRank;

// One connection as the transport keeps it, without others and without a handshake.
class OneConnection final : public transport::Transport, private TcpConnection::Owner {
 public:
  OneConnection() : scratch_(4096) {
    std::array<int, 2> ends{};
    require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0,
            "there are descriptors for a fuzzer");
    peer_end_ = ends[1];
    ::fcntl(peer_end_, F_SETFL, O_NONBLOCK);
    socket_.assign(asio::ip::tcp::v4(), ends[0]);
  }
  ~OneConnection() override {
    connection_->close_quietly();
    ::close(peer_end_);
  }

  void attach(transport::Receiver& receiver) {
    receiver_ = &receiver;
    TcpConnection::Owner& owner = *this;
    connection_ = std::make_shared<TcpConnection>(std::move(socket_), EndpointDriver::liar, owner,
                                                  receiver, std::span(scratch_), nullptr);
  }

  // What the liar does.
  void say(Bytes bytes) {
    if (connection_->open() && !bytes.empty())
      ::send(peer_end_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    progress();
  }
  void hang_up() { ::shutdown(peer_end_, SHUT_WR); }

  void send_frame(WorldRank, const wire::Frame& frame, Bytes payload) override {
    if (!gone_) connection_->write_frame(outbox_, frame, payload);
  }
  void send_bulk(BulkSend& bulk) override {
    if (!gone_) outbox_.add_bulk(bulk);
  }
  void forget_bulk(BulkSend& bulk) override { outbox_.forget(bulk); }
  void discard_arriving(WorldRank) override { connection_->discard_arriving(); }
  void abandon(WorldRank) override {
    gone_ = true;
    outbox_.clear();
    connection_->close_quietly();
  }
  bool progress() override {
    std::array<std::byte, 4096> unread;
    while (::recv(peer_end_, unread.data(), unread.size(), 0) > 0) {
    }
    const bool moved = connection_->open() && connection_->read();
    return connection_->flush(outbox_) || moved;
  }
  bool flushed(WorldRank) override { return !outbox_.frames_waiting(); }
  bool flushed() override { return !outbox_.frames_waiting(); }
  void arm() override {}
  void close() override {}
  bool drained() override { return outbox_.empty(); }

 private:
  void on_stirred(TcpConnection&) override {}
  void on_connection_end(TcpConnection&, bool orderly, const std::string& cause) override {
    if (gone_) return;
    gone_ = true;
    outbox_.clear();
    receiver_->on_peer_gone(EndpointDriver::liar, orderly, cause);
  }
  TcpConnection::Traffic traffic() const override { return {}; }

  asio::io_context io_{1};
  asio::ip::tcp::socket socket_{io_};
  int peer_end_ = -1;
  std::vector<std::byte> scratch_;
  transport::TcpOutbox outbox_;
  std::shared_ptr<TcpConnection> connection_;
  transport::Receiver* receiver_ = nullptr;
  bool gone_ = false;
};

// A whole frame, with as much payload as its header says, or as there is.
void say_frame(OneConnection& connection, Input& input) {
  const wire::Frame frame = EndpointDriver::frame(input);
  const auto header = wire::encode_header(frame, nullptr);
  std::vector<std::byte> bytes(header.view().begin(), header.view().end());
  const std::uint64_t payload = frame.payload_bytes();
  const auto first = input.take(static_cast<std::size_t>(std::min<std::uint64_t>(payload, 20)));
  bytes.insert(bytes.end(), first.begin(), first.end());
  if (payload < 5000) bytes.resize(header.view().size() + static_cast<std::size_t>(payload));
  const std::size_t cut = input.up_to(bytes.size());
  connection.say(std::span(bytes).first(cut));
  connection.say(std::span(bytes).subspan(cut));
}

}  // namespace

void connection(Bytes bytes) {
  Input input(bytes);
  OneConnection connection;
  EndpointDriver rank(connection);
  connection.attach(rank.endpoint());
  while (!input.empty()) {
    switch (input.up_to(7)) {
      case 0:
        connection.say(input.take(input.u8()));
        break;
      case 1:
      case 2:
      case 3:
        say_frame(connection, input);
        break;
      case 4:
        connection.progress();
        if (input.u8() == 7) connection.hang_up();
        break;
      default:
        rank.act(input);
        break;
    }
    rank.endpoint().run_ready();
  }
  connection.progress();
}

}  // namespace prun::fuzz
