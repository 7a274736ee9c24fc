#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "launcher/doctor/facts.hpp"

// What is wrong, drawn from what was found out. A pure function; printing is elsewhere.
namespace prun::doctor {

enum class Severity : std::uint8_t {
  warning,  // jobs run, and something about them may surprise
  failure,  // no job runs there
};

struct Finding {
  Severity severity = Severity::warning;
  std::string id;                  // for programs: "clock-offset"
  std::vector<std::size_t> hosts;  // indices; empty: it is about all of them
  std::string sentence;
  std::string repair;  // one command, or what to do where none can do it
};

// In the order of the hosts, failures first.
std::vector<Finding> find_faults(const Examination& examination);

// 0: nothing was found. 1: warnings only. 2: a failure.
int exit_status_of(const std::vector<Finding>& findings);

}  // namespace prun::doctor
