#pragma once

#include <string>
#include <vector>

#include "launcher/doctor/facts.hpp"
#include "launcher/doctor/findings.hpp"

namespace prun::doctor {

// What programs read: an object with hosts, links, findings and exit_status; docs/doctor.md gives
// every member. What is not known is null. Ends with a line feed.
std::string json_text(const Examination& examination, const std::vector<Finding>& findings);

}  // namespace prun::doctor
