#include "director.hpp"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <ctime>
#include <stdexcept>
#include <utility>
#include <vector>

#include "status_lines.hpp"
#include "words.hpp"

namespace wall {
namespace {

std::vector<std::string> hosts_of(const prun::Communicator& world) {
  std::vector<std::string> hosts;
  for (int rank = 0; rank < world.size(); ++rank) hosts.push_back(world.host(rank));
  return hosts;
}

double time_of_day() {
  std::timespec now{};
  std::timespec_get(&now, TIME_UTC);
  std::tm local{};
  localtime_r(&now.tv_sec, &local);
  return local.tm_hour * 3600 + local.tm_min * 60 + local.tm_sec +
         1e-9 * static_cast<double>(now.tv_nsec);
}

Conductor::Plan plan_of(prun::Environment& env, const Options& options) {
  const std::vector<std::string> hosts = hosts_of(env.world());
  Conductor::Plan plan;
  plan.rounds = options.rounds;
  plan.views.resize(hosts.size());
  plan.outputs.resize(hosts.size());
  if (options.files.empty()) {
    const Layout layout = layout_of(options, hosts.size());
    const std::vector<std::size_t> screens = deal_screens(layout, hosts);
    for (std::size_t rank = 0; rank < hosts.size(); ++rank) {
      plan.views[rank] = view_of(layout, screens[rank]);
      plan.outputs[rank] = layout.screens[screens[rank]].output;
    }
  }
  if (!options.start_at.empty()) {
    const Seconds until(seconds_until(options.start_at, time_of_day()));
    plan.start = env.clock().now() + std::chrono::duration_cast<prun::Clock::duration>(until);
  }
  return plan;
}

}  // namespace

Director::Director(prun::Environment& env, const prun::Communicator& comm, const Options& options)
    : env_(env),
      options_(options),
      conductor_(
          env.world(), comm, env.clock(), plan_of(env, options),
          [this](int rank, const Sample& sample) {
            if (log_) log_->add(rank, sample);
          },
          [this](const std::string& line) { say(line); }),
      terminal_(isatty(STDOUT_FILENO) != 0) {
  if (!options.report.empty()) log_.emplace(options.report, hosts_of(env.world()));
}

void Director::step() {
  conductor_.step();
  conductor_.call_together(env_.waiting());
  if (!announced_ && conductor_.timeline().newest().number != 0) {
    announced_ = true;
    const int screens = env_.world().size();
    say(std::to_string(screens) + (screens == 1 ? " screen, " : " screens, ") + place());
  }
  while (const auto line = input_.next()) {
    try {
      conductor_.obey(parse_command(*line));
    } catch (const std::invalid_argument& error) {
      say(error.what());
    }
  }
  if (options_.status && prun::Environment::wtime() >= next_status_) {
    next_status_ = prun::Environment::wtime() + 1;
    show_status();
  }
}

void Director::finish() {
  say("the wall is done");
  if (!log_) return;
  const std::string trouble = log_->draw();
  say(trouble.empty() ? options_.report + " shows how exact it was"
                      : "no plot: " + trouble + "; all figures are in " + log_->log());
}

std::string Director::place() const {
  return place_line(*conductor_.programme(), conductor_.timeline().at(env_.clock().now()).position);
}

void Director::say(const std::string& line) {
  std::printf("videowall: %s\n", line.c_str());
  std::fflush(stdout);
  lines_shown_ = 0;
}

// On a terminal (prun --tty) in place of the lines before.
void Director::show_status() {
  if (!conductor_.programme()) return;
  if (terminal_ && lines_shown_ > 0) std::printf("\033[%zuA", lines_shown_);
  const char* end = terminal_ ? "\033[K\n" : "\n";
  std::printf("%s%s", place().c_str(), end);
  const std::vector<ScreenStatus> screens = conductor_.status();
  for (std::size_t rank = 0; rank < screens.size(); ++rank) {
    std::printf("%s%s", status_line(static_cast<int>(rank), screens[rank]).c_str(), end);
  }
  std::fflush(stdout);
  lines_shown_ = screens.size() + 1;
}

}  // namespace wall
