#include <fmt/format.h>

#include "launcher/doctor/finding_groups.hpp"
#include "launcher/doctor/repair_words.hpp"

namespace prun::doctor {
namespace {

// The agents' words are for people; what they are about is known by parts of them.
std::string program_repair(const Examination& examination, const ProgramWord& word) {
  const std::string program = examination.program.empty() ? "" : examination.program.front();
  const auto has = [&](std::string_view part) { return word.text.find(part) != word.text.npos; };
  if (has("is not executable")) return "chmod +x " + program;
  if (has("it needs ")) {
    return "install it there, or link the program statically; the package: apt-file search "
           "LIBRARY";
  }
  if (has("it is built for")) return "build it on a host like that one";
  if (has("cannot run") && has("is not there"))
    return "build it here: prun sends it to hosts that lack it (unless --stage=off is given)";
  if (has("no folder of PATH has it") && !word.hosts.empty())
    return on_host(examination.hosts[word.hosts.front()], "command -v " + program) +
           " tells nothing: install it there";
  if (has("is not there") && (has("the folder") || has("(--wdir)")))
    return "mkdir -p there, or use --wdir";
  return word.hosts.empty()
             ? "prun -v " + program
             : fmt::format("prun -v -H {} {}", login_target(examination.hosts[word.hosts.front()]),
                           program);
}

}  // namespace

void find_program_faults(const Examination& examination, std::vector<Finding>& found) {
  for (const auto& word : examination.program_words) {
    found.push_back({word.fails ? Severity::failure : Severity::warning,
                     word.fails ? "program" : "program-note", word.hosts, word.text,
                     program_repair(examination, word)});
  }
}

}  // namespace prun::doctor
