#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "launcher/job/job_plan.hpp"
#include "runtime/core/port_range.hpp"

namespace prun::job {

// What is wrong with --ports for ranks placed so (`host_of_rank` are indices into `hosts`): each
// rank of a machine listens on a port of its own. Empty where there is room. Hosts that are this
// machine share its ports.
std::string too_few_ports(const core::PortRange& ports, const std::vector<PlannedHost>& hosts,
                          const std::vector<std::uint32_t>& host_of_rank);

}  // namespace prun::job
