#include "launcher/agent/tcp_table.hpp"

#include <asio/ip/address.hpp>

#include <array>
#include <charconv>
#include <cstring>
#include <vector>

#include "launcher/system/files.hpp"

namespace prun::agent {
namespace {

struct Endpoint {
  asio::ip::address address;  // IPv4 ones plain, without scope
  std::uint16_t port = 0;

  bool operator==(const Endpoint&) const = default;
};

asio::ip::address plain(asio::ip::address_v6 address) {
  if (address.is_v4_mapped()) return asio::ip::make_address_v4(asio::ip::v4_mapped, address);
  address.scope_id(0);
  return address;
}

std::optional<Endpoint> endpoint_of(const std::string& address, std::uint16_t port) {
  asio::error_code error;
  const auto parsed = asio::ip::make_address(address.substr(0, address.find('%')), error);
  if (error || port == 0) return std::nullopt;
  return Endpoint{parsed.is_v6() ? plain(parsed.to_v6()) : parsed, port};
}

template <class Number>
bool read_hex(std::string_view text, Number& number) {
  const auto end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number, 16);
  return error == std::errc() && stop == end;
}

// "0100007F:0016": words of the address as numbers of this processor, each as it lies in memory.
std::optional<Endpoint> read_endpoint(std::string_view text) {
  const auto colon = text.find(':');
  if (colon != 8 && colon != 32) return std::nullopt;
  std::array<unsigned char, 16> bytes{};
  for (std::size_t at = 0; at < colon; at += 8) {
    std::uint32_t word = 0;
    if (!read_hex(text.substr(at, 8), word)) return std::nullopt;
    std::memcpy(bytes.data() + at / 2, &word, sizeof word);
  }
  Endpoint endpoint;
  if (!read_hex(text.substr(colon + 1), endpoint.port)) return std::nullopt;
  if (colon == 8) {
    asio::ip::address_v4::bytes_type four{bytes[0], bytes[1], bytes[2], bytes[3]};
    endpoint.address = asio::ip::address_v4(four);
  } else {
    asio::ip::address_v6::bytes_type sixteen{};
    std::memcpy(sixteen.data(), bytes.data(), bytes.size());
    endpoint.address = plain(asio::ip::address_v6(sixteen));
  }
  return endpoint;
}

std::string_view next_part(std::string_view& rest, char separator) {
  while (!rest.empty() && rest.front() == separator) rest.remove_prefix(1);
  const auto part = rest.substr(0, rest.find(separator));
  rest.remove_prefix(part.size());
  return part;
}

}  // namespace

std::optional<unsigned> resent_without_answer(std::string_view table, const SshEnds& connection) {
  const auto local = endpoint_of(connection.server_address, connection.server_port);
  const auto remote = endpoint_of(connection.client_address, connection.client_port);
  if (!local || !remote) return std::nullopt;
  next_part(table, '\n');  // names of the columns
  while (!table.empty()) {
    auto line = next_part(table, '\n');
    // sl local remote state tx:rx timer:when retransmissions ...
    std::array<std::string_view, 7> columns;
    for (auto& column : columns) column = next_part(line, ' ');
    unsigned resent = 0;
    if (read_endpoint(columns[1]) == local && read_endpoint(columns[2]) == remote &&
        read_hex(columns[6], resent)) {
      return resent;
    }
  }
  return std::nullopt;
}

std::optional<unsigned> resent_without_answer(const SshEnds& connection) {
  for (const char* const path : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    if (const auto resent = resent_without_answer(system::read_file(path), connection))
      return resent;
  }
  return std::nullopt;
}

}  // namespace prun::agent
