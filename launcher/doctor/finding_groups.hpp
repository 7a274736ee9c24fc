#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "launcher/doctor/facts.hpp"
#include "launcher/doctor/findings.hpp"

// The parts of find_faults(); each adds what it finds.
namespace prun::doctor {

// What looks at an examination for faults of one kind; a value of one call.
class FindingGroup {
 public:
  FindingGroup(const Examination& examination, std::vector<Finding>& found)
      : examination_(examination), found_(found) {}

 protected:
  void add(Severity severity, const std::string& id, std::vector<std::size_t> hosts,
           const std::string& sentence, const std::string& repair) {
    found_.push_back({severity, id, std::move(hosts), sentence, repair});
  }

  const Examination& examination_;

 private:
  std::vector<Finding>& found_;
};

// Of each host by itself: reachable, login, agent, clock, board.
void find_host_faults(const Examination& examination, std::vector<Finding>& found);
// Names that mislead.
void find_name_faults(const Examination& examination, std::vector<Finding>& found);
// Interfaces, and the links between hosts.
void find_link_faults(const Examination& examination, std::vector<Finding>& found);
void find_program_faults(const Examination& examination, std::vector<Finding>& found);

}  // namespace prun::doctor
