#pragma once

#include <string>
#include <vector>

#include "launcher/doctor/facts.hpp"
#include "launcher/doctor/findings.hpp"

namespace prun::doctor {

// What people read: a row for each host, the links between them, and every finding with its repair.
// Whole lines.
std::string table_text(const Examination& examination, const std::vector<Finding>& findings);

}  // namespace prun::doctor
