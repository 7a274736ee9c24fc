#include "runtime/transport/tcp/link_rate.hpp"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>

namespace prun::transport {
namespace {

// At 100 Mbit/s a millisecond is 12 KiB, about what a connection has under way.
constexpr std::chrono::milliseconds between_first{1};
constexpr std::chrono::milliseconds between_later{10};

}  // namespace

bool LinkRate::due(TimePoint now) const {
  return count_ == 0 || now - last_ >= (count_ < kept ? between_first : between_later);
}

void LinkRate::add(TimePoint now, double bytes_per_second) {
  newest_[count_ % kept] = bytes_per_second;
  ++count_;
  last_ = now;
}

std::optional<double> LinkRate::value() const {
  if (count_ < enough) return std::nullopt;
  std::array<double, kept> sorted = newest_;
  const auto end = sorted.begin() + static_cast<std::ptrdiff_t>(std::min(count_, kept));
  const auto middle = sorted.begin() + (end - sorted.begin()) / 2;
  std::nth_element(sorted.begin(), middle, end);
  return *middle;
}

std::optional<double> delivery_rate(int socket) {
  tcp_info info{};
  socklen_t length = sizeof(info);
  if (::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return std::nullopt;
  constexpr std::size_t needed =
      offsetof(tcp_info, tcpi_delivery_rate) + sizeof(info.tcpi_delivery_rate);
  if (length < needed || info.tcpi_delivery_rate == 0) return std::nullopt;
  return static_cast<double>(info.tcpi_delivery_rate);
}

}  // namespace prun::transport
