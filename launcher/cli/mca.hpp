#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "launcher/cli/run_options.hpp"
#include "launcher/hosts/network_wish.hpp"
#include "runtime/core/result.hpp"

namespace prun::cli {

// What settings of Open MPI's say of the network, until all of them are read: what --iface and
// --ports say counts more, and a range of ports is made of two of them.
struct McaNetwork {
  std::vector<hosts::NetworkWish> data;  // btl_tcp_if_include
  std::vector<hosts::NetworkWish>
      control;  // of its daemons; good for ranks where data says nothing
  std::optional<std::uint32_t> first_port;
  std::optional<std::uint32_t> port_count;
};

// One setting of Open MPI's, KEY=VALUE from `--mca KEY VALUE`. Those about ssh and the network have
// the effect they have there. Those that choose among Open MPI's parts become a note for -v.
core::Status apply_mca(const std::string& setting, RunOptions& options, McaNetwork& network);

// Fills in what the options do not say themselves.
core::Status settle_mca(const McaNetwork& network, RunOptions& options);

}  // namespace prun::cli
