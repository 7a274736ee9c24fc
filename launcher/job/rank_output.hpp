#pragma once

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "launcher/cli/run_options.hpp"
#include "launcher/io/in_place_line.hpp"
#include "launcher/io/line_merger.hpp"
#include "launcher/io/output_files.hpp"
#include "launcher/io/output_pattern.hpp"
#include "launcher/io/output_sink.hpp"
#include "launcher/io/output_spool.hpp"

namespace prun::job {

// What the ranks print, on its way to prun's own standard output and error by whole lines, and
// prun's own lines between them. Owned by the job, on its thread; the writing is done by the
// sink's.
class RankOutput {
 public:
  struct Handlers {
    std::function<void(std::uint32_t rank, std::size_t bytes)> settled;  // written or thrown away
    std::function<void(int error)> broken;                     // standard output takes no more
    std::function<void(const std::string& text)> file_failed;  // once: a file takes no more
  };

  RankOutput(asio::io_context& io, cli::OutputOptions options, Handlers handlers);

  // What stands before the lines of a rank, and the files it writes to. A Failure where one of those
  // cannot be made.
  core::Status prepare(const io::PatternPlace& place, bool label);
  void take(std::uint32_t rank, std::uint8_t number, std::span<const std::byte> data);
  // What this rank prints is shown as it comes: it has a terminal.
  void show_raw(std::uint32_t rank) { raw_rank_ = rank; }
  // The rank will print no more.
  void end_of(std::uint32_t rank);
  // "prun: TEXT" on standard error.
  void own_line(const std::string& text) { whole_line("prun: " + text); }
  // As it is, on standard error, on a line of its own.
  void whole_line(const std::string& line);
  // For those who tell a person at a terminal what prun is doing; whatever else is shown clears it.
  io::InPlaceLine& in_place_line() { return in_place_line_; }
  // `shown` is called once everything that was kept for --sort is with the sink.
  void show_sorted(std::function<void()> shown);
  // `done` is called when everything is out.
  void finish(std::function<void()> done);

 private:
  void arm_tick();
  void check_file(const core::Status& written);
  void show(std::uint32_t rank, io::Stream stream, std::string_view text, std::size_t credit);
  void write(io::OutputChunk chunk);
  bool is_shown(std::uint32_t rank, io::Stream stream) const;

  cli::OutputOptions options_;
  Handlers handlers_;
  std::optional<std::uint32_t> raw_rank_;
  bool raw_line_is_open_ = false;
  bool files_failed_ = false;
  io::OutputFiles files_;
  io::OutputSpool spool_;
  io::LineMerger merger_;
  io::OutputSink sink_;
  io::InPlaceLine in_place_line_;
  asio::steady_timer tick_;
  bool ticking_ = false;
};

}  // namespace prun::job
