#include "skew_log.hpp"

#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <utility>

namespace wall {
namespace {

// As gnuplot wants it between single quotes.
std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) {
    result += c;
    if (c == '\'') result += c;
  }
  return result + "'";
}

}  // namespace

SkewLog::SkewLog(std::string plot, std::vector<std::string> hosts)
    : plot_(std::move(plot)),
      log_name_(std::filesystem::path(plot_).replace_extension(".csv").string()),
      hosts_(std::move(hosts)),
      log_(log_name_) {
  log_ << "seconds,rank,host,position,error_ms,speed,clock_error_us,dropped_frames,replaced\n";
  if (!log_.flush()) throw std::runtime_error(log_name_ + " cannot be written");
}

void SkewLog::add(int rank, const Sample& sample) {
  if (sample.playing == 0) return;
  if (first_ns_ == 0) first_ns_ = sample.at_ns;
  constexpr double ns = 1e-9;
  log_ << static_cast<double>(sample.at_ns - first_ns_) * ns << ',' << rank << ','
       << hosts_.at(static_cast<std::size_t>(rank)) << ',' << sample.position << ','
       << sample.error_ms << ',' << sample.speed << ',' << sample.clock_error_us << ','
       << sample.dropped_frames << ',' << sample.replaced << '\n';
}

std::string SkewLog::draw() {
  if (!log_.flush()) return log_name_ + " could not be written";
  FILE* gnuplot = popen("gnuplot >/dev/null 2>&1", "w");
  if (gnuplot == nullptr) return "gnuplot cannot be started";
  const std::string script = gnuplot_script(log_name_, plot_, hosts_);
  std::fwrite(script.data(), 1, script.size(), gnuplot);
  if (pclose(gnuplot) == 0) return {};
  return "gnuplot drew nothing; is it installed here (apt install gnuplot-nox)?";
}

std::string gnuplot_script(const std::string& log, const std::string& plot,
                           const std::vector<std::string>& hosts) {
  const bool png = std::filesystem::path(plot).extension() == ".png";
  std::string script = "set datafile separator ','\n";
  script += png ? "set terminal pngcairo size 1000,500\n"
                : "set terminal svg size 1000,500 dynamic background 'white'\n";
  script += "set output " + quoted(plot) +
            "\nset title 'Position of each screen against the clock of the job'\n"
            "set xlabel 'seconds of play'\nset ylabel 'ahead of the clock, ms'\nset grid\n"
            "set key outside right noenhanced\nplot ";
  for (std::size_t rank = 0; rank < hosts.size(); ++rank) {
    script += (rank == 0 ? "" : ", ") + quoted(log) + " using 1:($2==" + std::to_string(rank) +
              "?$5:1/0) skip 1 with points pointtype 7 pointsize 0.3 title " +
              quoted(std::to_string(rank) + " " + hosts[rank]);
  }
  return script + "\n";
}

}  // namespace wall
