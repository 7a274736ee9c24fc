#include "launcher/job/status_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "launcher/io/raw_terminal.hpp"

namespace prun::job {
namespace {

using std::chrono::seconds;

// Until then nobody wonders.
constexpr seconds silent{3};
constexpr std::size_t usual_columns = 80;

std::size_t columns_of_terminal() {
  const auto size = io::window_size();
  return size && size->columns > 0 ? size->columns : usual_columns;
}

}  // namespace

std::string status_text(const std::vector<AwaitedHost>& hosts, seconds since, std::size_t columns) {
  std::vector<std::pair<std::string_view, std::string>> groups;  // doing, names
  for (const auto& host : hosts) {
    const auto same = std::find_if(groups.begin(), groups.end(),
                                   [&](const auto& group) { return group.first == host.doing; });
    if (same == groups.end()) {
      groups.emplace_back(host.doing, host.name);
    } else {
      same->second += ", " + host.name;
    }
  }
  std::string names;
  for (const auto& [doing, group] : groups)
    names += fmt::format("{}{} ({})", names.empty() ? "" : ", ", group, doing);
  const std::string end = fmt::format(", {} s", since.count());
  const std::string start =
      hosts.size() > 1 ? fmt::format("waiting for {} hosts: ", hosts.size()) : "waiting for ";
  if (const auto room = columns - std::min(columns, start.size() + end.size());
      names.size() > room) {
    names = names.substr(0, room - std::min<std::size_t>(room, 3)) + "...";
  }
  return start + names + end;
}

StatusLine::Duration StatusLine::next_look(Duration since_begin) {
  if (since_begin < silent) return silent - since_begin;
  return seconds(1);
}

void StatusLine::show(const std::vector<AwaitedHost>& hosts, Duration since_begin) {
  if (line_ == nullptr || since_begin < silent) return;
  if (hosts.empty()) return clear();
  constexpr std::string_view own_name = "prun: ";
  // The last column stays free: some terminals go to the next line behind it.
  const std::size_t columns = columns_of_terminal();
  const std::size_t room = columns - std::min(columns, own_name.size() + 1);
  const auto since = std::chrono::duration_cast<seconds>(since_begin);
  line_->show(status_text(hosts, since, room));
  shown_ = true;
}

void StatusLine::clear() {
  if (std::exchange(shown_, false)) line_->clear();
}

}  // namespace prun::job
