#include "launcher/hang/findings.hpp"

#include "launcher/hang/collective_findings.hpp"
#include "launcher/hang/message_findings.hpp"
#include "launcher/hang/silent_links.hpp"
#include "launcher/hang/wait_cycle.hpp"

namespace prun::hang {

std::vector<std::string> find_causes(const JobFacts& facts) {
  std::vector<std::string> all;
  for (const auto find : {find_silent, find_disagreements, find_in_messages, find_absent}) {
    for (auto& sentence : find(facts)) all.push_back(std::move(sentence));
  }
  if (auto cycle = cycle_text(find_cycle(facts)); !cycle.empty()) all.push_back(std::move(cycle));
  return all;
}

}  // namespace prun::hang
