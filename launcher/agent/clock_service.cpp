#include "launcher/agent/clock_service.hpp"

#include <netinet/ip.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

#include "runtime/bootstrap/listening.hpp"
#include "runtime/security/random.hpp"

namespace prun::agent {
namespace {

using asio::ip::udp;
using clock::ClockPacket;
using clock::Nanoseconds;
using std::chrono::milliseconds;

// Until the time is known, then for good. Two questions of 100 bytes and their answers are about 400
// bytes a second.
constexpr milliseconds between_first_questions{5};
constexpr milliseconds between_questions{500};
// A question or its answer may have been lost, or the host above may not know the time yet.
constexpr milliseconds patience_at_first{20};
constexpr unsigned first_answers = 8;
// All others have heard by then that this host leads.
constexpr std::chrono::seconds all_have_heard{3};

Nanoseconds nanoseconds(const timespec& time) {
  return static_cast<Nanoseconds>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

// When a datagram came, by the clock that everything here counts in. The kernel tells it by the time
// of day, so that it does not matter when this process got its turn; without that it is now.
Nanoseconds arrival_of(msghdr& message) {
  timespec of_day{};
  ::clock_gettime(CLOCK_REALTIME, &of_day);
  const Nanoseconds now = clock::LocalClock::system_now();
  for (cmsghdr* each = CMSG_FIRSTHDR(&message); each != nullptr;
       each = CMSG_NXTHDR(&message, each)) {
    if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SCM_TIMESTAMPNS) continue;
    timespec came{};
    std::memcpy(&came, CMSG_DATA(each), sizeof(came));
    const Nanoseconds ago = nanoseconds(of_day) - nanoseconds(came);
    // Somebody may just have set the time of day.
    if (ago >= 0 && ago < 1'000'000'000) return now - ago;
  }
  return now;
}

}  // namespace

ClockService::ClockService(asio::io_context& io, const Identity& identity, clock::ClockPage& page,
                           OnReady on_ready)
    : socket_(io),
      next_(io),
      identity_(identity),
      key_(clock::clock_key(identity.job_key)),
      page_(page),
      local_(page.local()),
      on_ready_(std::move(on_ready)) {}

ClockService::~ClockService() = default;

core::Result<std::uint16_t> ClockService::listen(const std::string& bind_address,
                                                 const core::PortRange& ports) {
  asio::error_code error;
  const auto address = asio::ip::make_address(bind_address, error);
  if (!error) socket_.open(address.is_v6() ? udp::v6() : udp::v4(), error);
  if (!error) socket_.non_blocking(true, error);
  if (error) return core::Failure{Errc::resource, "no port for the clock: " + error.message()};
  auto port = bootstrap::bind_datagrams(socket_.native_handle(), address, ports);
  if (!port.ok()) return port.failure();
  const int yes = 1;
  ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_TIMESTAMPNS, &yes, sizeof(yes));
  // Ahead of bulk in the queue of this host's own interface.
  const int low_delay = IPTOS_LOWDELAY;
  ::setsockopt(socket_.native_handle(), IPPROTO_IP, IP_TOS, &low_delay, sizeof(low_delay));
  receive();
  return port;
}

// Until all know of it they go by what they know of the leader before, from which this one may differ
// by its error: as long as that is stated, what any two hosts read differs by no more than they say.
void ClockService::lead(std::uint16_t leader) {
  next_.cancel();
  question_ = {};
  begin_with(leader);
  clock::ClockLine line;
  line.since = line.time = local_.now();
  if (const auto known = page_.line()) {
    const clock::Reading reading = known->at(line.since);
    line.time = reading.time;
    line.rate = known->rate;
    line.error = static_cast<double>(reading.error);
    line.error_growth = known->error_growth;
    next_.expires_after(all_have_heard);
    next_.async_wait([this](asio::error_code error) {
      if (!error) state_no_error();
    });
  }
  publish(line);
  if (on_ready_) std::exchange(on_ready_, nullptr)();
}

void ClockService::state_no_error() {
  auto line = *page_.line();
  const Nanoseconds now = local_.now();
  line.time = line.at(now).time;
  line.since = now;
  line.error = line.error_growth = 0;
  publish(line);
}

void ClockService::follow(std::uint32_t host, const std::string& address, std::uint16_t port,
                          std::uint16_t leader) {
  asio::error_code error;
  above_ = udp::endpoint(asio::ip::make_address(address, error), port);
  if (error) return;
  above_host_ = host;
  // Of one leader all tell the same time: what another host has said of it remains true.
  if (leader != leader_) begin_with(leader);
  ask();
}

// How fast clocks are has hardly changed.
void ClockService::begin_with(std::uint16_t leader) {
  const auto known = page_.line();
  filter_ = known ? clock::OffsetFilter(known->rate) : clock::OffsetFilter();
  answers_ = 0;
  leader_ = leader;
}

void ClockService::receive() {
  socket_.async_wait(udp::socket::wait_read, [this](asio::error_code error) {
    if (error) return;
    while (receive_one()) {
    }
    receive();
  });
}

bool ClockService::receive_one() {
  // One byte more than a packet has: what is longer is none.
  std::array<std::byte, clock::clock_packet_bytes + 1> bytes;
  alignas(cmsghdr) std::array<char, 128> control;
  udp::endpoint from;
  iovec part{bytes.data(), bytes.size()};
  msghdr message{};
  message.msg_name = from.data();
  message.msg_namelen = static_cast<socklen_t>(from.capacity());
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t got = ::recvmsg(socket_.native_handle(), &message, 0);
  // Errors of a socket of datagrams tell of earlier ones that nobody took, and are over then.
  if (got < 0) return errno != EAGAIN;
  const Nanoseconds came = local_.skewed(arrival_of(message));
  from.resize(message.msg_namelen);
  const auto packet =
      clock::decode(key_, identity_.job_id, std::span(bytes).first(static_cast<std::size_t>(got)));
  if (!packet || packet->to != identity_.host) return true;
  if (packet->kind == ClockPacket::Kind::question) {
    answer(*packet, came, from);
  } else {
    learn(*packet, came);
  }
  return true;
}

void ClockService::answer(const ClockPacket& question, Nanoseconds came,
                          const udp::endpoint& asker) {
  const auto line = page_.line();
  if (!line) return;
  const auto received = line->at(came);
  const auto answered = line->at(local_.now());
  ClockPacket packet;
  packet.kind = ClockPacket::Kind::answer;
  packet.leader = published_;
  packet.job_id = identity_.job_id;
  packet.from = identity_.host;
  packet.to = question.from;
  packet.cookie = question.cookie;
  packet.received = received.time;
  packet.answered = answered.time;
  packet.error = std::max(received.error, answered.error);
  const auto bytes = clock::encode(key_, packet);
  asio::error_code ignored;
  socket_.send_to(asio::buffer(bytes), asker, 0, ignored);
}

void ClockService::ask() {
  ClockPacket packet;
  packet.job_id = identity_.job_id;
  packet.from = identity_.host;
  packet.to = above_host_;
  packet.cookie = security::random_u64();
  const auto bytes = clock::encode(key_, packet);
  question_ = {packet.cookie, local_.now()};
  asio::error_code ignored;
  socket_.send_to(asio::buffer(bytes), above_, 0, ignored);
  next_.expires_after(answers_ < first_answers ? patience_at_first : between_questions);
  next_.async_wait([this](asio::error_code error) {
    if (!error) ask();
  });
}

void ClockService::learn(const ClockPacket& answer, Nanoseconds came) {
  if (answer.from != above_host_ || answer.cookie != question_.cookie || question_.cookie == 0)
    return;
  question_.cookie = 0;
  if (answer.error < 0 || answer.answered < answer.received ||
      answer.answered - answer.received > came - question_.asked + answer.error)
    return;
  // The host above has not heard of the new leader yet.
  if (answer.leader < leader_) return;
  if (answer.leader > leader_) begin_with(answer.leader);
  filter_.add({question_.asked, answer.received, answer.answered, came, answer.error});
  if (const auto line = filter_.estimate(local_.now())) publish(*line);
  ++answers_;
  if (answers_ < first_answers) {
    next_.expires_after(between_first_questions);
    next_.async_wait([this](asio::error_code error) {
      if (!error) ask();
    });
  } else if (on_ready_) {
    std::exchange(on_ready_, nullptr)();
  }
}

void ClockService::publish(const clock::ClockLine& line) {
  const auto before = page_.line();
  page_.publish(before ? line.joined_to(*before) : line);
  published_ = leader_;
}

}  // namespace prun::agent
