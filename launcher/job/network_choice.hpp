#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "launcher/hosts/network_wish.hpp"
#include "launcher/job/data_addresses.hpp"
#include "runtime/bootstrap/control_messages.hpp"
#include "runtime/core/port_range.hpp"

// Which address of each host its ranks use, where the user has a say in it; what is wrong with it;
// and what is told of it. Pure functions of what the agents have said of their hosts.
namespace prun::job {

struct HostNetwork {
  std::string name;
  HostReach reach;
  std::string network;  // see AgentHello
  std::vector<bootstrap::InterfaceAddress> addresses;
};

struct NetworkRequest {
  std::vector<hosts::NetworkWish> wanted;    // --iface; nothing: where ssh reached each host
  std::vector<hosts::NetworkWish> unwanted;  // if that lies there, the host cannot be used
};

struct NetworkWord {
  std::size_t host;  // by index
  std::string text;
};

struct NetworkChoice {
  std::vector<std::string> addresses;   // by host; empty where it is none of `wanted`'s
  std::vector<NetworkWord> faults;      // of hosts that cannot be used so
  std::vector<NetworkWord> suspicions;  // addresses at which others will not find the host
};

// Of several wishes each host gets the first it can fulfil. All have addresses of one kind, IPv4
// where that is possible. The loopback and link-local addresses are for nobody, but where all hosts
// are one machine.
NetworkChoice choose_network(const std::vector<HostNetwork>& hosts, const NetworkRequest& request);

// For --show-net: a line for each host, without its name.
std::vector<std::string> network_words(const std::vector<HostNetwork>& hosts,
                                       const core::PortRange& ports);

}  // namespace prun::job
