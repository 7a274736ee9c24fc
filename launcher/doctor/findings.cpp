#include "launcher/doctor/findings.hpp"

#include <algorithm>

#include "launcher/doctor/finding_groups.hpp"

namespace prun::doctor {

std::vector<Finding> find_faults(const Examination& examination) {
  std::vector<Finding> found;
  find_host_faults(examination, found);
  find_name_faults(examination, found);
  find_link_faults(examination, found);
  find_program_faults(examination, found);
  std::stable_sort(found.begin(), found.end(),
                   [](const Finding& a, const Finding& b) { return a.severity > b.severity; });
  return found;
}

int exit_status_of(const std::vector<Finding>& findings) {
  int status = 0;
  for (const auto& finding : findings)
    status = std::max(status, finding.severity == Severity::failure ? 2 : 1);
  return status;
}

}  // namespace prun::doctor
