#include "runtime/transport/tcp/unreachable_words.hpp"

#include <asio/error.hpp>

namespace prun::transport {
namespace {

// A range that belongs to no service, for jobs that have none.
constexpr core::PortRange proposed{5000, 5100};

std::string opening_words(const core::PortRange& ports) {
  const core::PortRange open = ports.given() ? ports : proposed;
  return (ports.given()
              ? "let them in there: "
              : "start with `prun --ports " + open.text() + "` and let these in there: ") +
         "`sudo ufw allow " + open.text(':') +
         "/tcp`, or `sudo nft add rule inet filter input tcp dport " + open.text() + " accept`";
}

}  // namespace

std::string unreachable_words(const asio::ip::tcp::endpoint& endpoint,
                              const asio::error_code& error, std::chrono::seconds limit,
                              const core::PortRange& ports) {
  const std::string where =
      endpoint.address().to_string() + " port " + std::to_string(endpoint.port());
  if (error == asio::error::timed_out) {
    return "does not answer at " + where + " within " + std::to_string(limit.count()) +
           " s: the host is down, or a firewall drops what comes to that port; " +
           opening_words(ports);
  }
  if (error == asio::error::connection_refused) {
    return "refuses at " + where +
           ": nothing listens there (any more), or another host has this address as well; `prun "
           "--show-net` shows the addresses of all hosts";
  }
  if (error == asio::error::host_unreachable || error == asio::error::network_unreachable) {
    return "cannot be reached at " + where + ": " + error.message() +
           "; the host is off, its cable is out, or this network does not lead there: --iface "
           "chooses another";
  }
  return "cannot be reached at " + where + ": " + error.message();
}

}  // namespace prun::transport
