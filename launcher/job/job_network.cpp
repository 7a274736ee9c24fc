// Which addresses the ranks use.
#include <algorithm>

#include "launcher/job/job.hpp"
#include "launcher/job/network_choice.hpp"

namespace prun::job {

HostNetwork Job::network_of(std::uint32_t host) const {
  const Machine& machine = *machines_[host];
  return {name(host),
          {machine.local, machine.hello.client_address, machine.hello.server_address,
           machine.data_address},
          machine.hello.network,
          machine.hello.addresses};
}

// Once every host has logged in or failed. Hosts that cannot be used so count as failed; where the
// job may begin without them the others have their choice again.
void Job::choose_addresses() {
  choosing_addresses_ = true;
  for (;;) {
    std::vector<std::uint32_t> alive;
    std::vector<HostNetwork> networks;
    for (std::uint32_t host = 0; host < machines_.size(); ++host) {
      machines_[host]->data_address.clear();
      if (machines_[host]->phase != HostPhase::agent_up) continue;
      alive.push_back(host);
      networks.push_back(network_of(host));
    }
    if (alive.empty()) break;
    const auto choice =
        choose_network(networks, {plan_.options.interfaces, plan_.options.unwanted_interfaces});
    for (const auto& fault : choice.faults) fail_host(alive[fault.host], 125, fault.text);
    if (!choice.faults.empty() && plan_.options.min_hosts) continue;
    for (const auto& suspicion : choice.suspicions)
      notes_.push_back({alive[suspicion.host], suspicion.text});
    for (std::size_t i = 0; i < choice.addresses.size(); ++i)
      machines_[alive[i]]->data_address = choice.addresses[i];
    break;
  }
  choosing_addresses_ = false;
}

void Job::tell_addresses() {
  std::vector<std::uint32_t> used;
  std::vector<HostNetwork> networks;
  for (std::uint32_t host = 0; host < machines_.size(); ++host) {
    if (machines_[host]->phase != HostPhase::agent_up) continue;
    used.push_back(host);
    networks.push_back(network_of(host));
  }
  const auto lines = network_words(networks, plan_.options.ports);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string line = name(used[i]) + ": " + lines[i];
    if (plan_.options.shows_network) {
      output_.own_line(line);
    } else {
      trace(line);
    }
  }
}

}  // namespace prun::job
