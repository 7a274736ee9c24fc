#pragma once

#include <vector>

#include "launcher/doctor/facts.hpp"
#include "launcher/doctor/findings.hpp"

// The parts of find_faults(); each adds what it finds.
namespace prun::doctor {

// Of each host by itself: reachable, login, agent, clock, board.
void find_host_faults(const Examination& examination, std::vector<Finding>& found);
// Names that mislead.
void find_name_faults(const Examination& examination, std::vector<Finding>& found);
// Interfaces, and the links between hosts.
void find_link_faults(const Examination& examination, std::vector<Finding>& found);
void find_program_faults(const Examination& examination, std::vector<Finding>& found);

}  // namespace prun::doctor
