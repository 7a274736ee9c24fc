#include "launcher/job/rank_output.hpp"

#include <unistd.h>

#include <asio/post.hpp>

#include <chrono>
#include <string_view>
#include <utility>

namespace prun::job {
namespace {

// Of what is shown at the end, how much is in memory at a time.
constexpr std::size_t sorted_piece_bytes = 256u << 10;

io::LineMerger::Settings merger_settings() {
  io::LineMerger::Settings settings;
  settings.one_destination = io::is_same_destination(STDOUT_FILENO, STDERR_FILENO);
  return settings;
}

}  // namespace

RankOutput::RankOutput(asio::io_context& io, cli::OutputOptions options, Handlers handlers)
    : options_(std::move(options)),
      handlers_(std::move(handlers)),
      merger_([this](io::OutputChunk chunk) { write(std::move(chunk)); }, merger_settings()),
      sink_(STDOUT_FILENO, STDERR_FILENO,
            [&io](std::function<void()> work) { asio::post(io, std::move(work)); },
            {.settled =
                 [this](const io::OutputChunk& chunk) {
                   handlers_.settled(chunk.source, chunk.credit);
                 },
             .failed =
                 [this](io::Stream stream, int error) {
                   if (stream == io::Stream::out) handlers_.broken(error);
                 }}),
      in_place_line_([this](std::string bytes) {
        sink_.write({io::Stream::err, 0, 0, std::move(bytes)});
      }),
      tick_(io) {}

core::Status RankOutput::prepare(const io::PatternPlace& place, bool label) {
  std::string pattern = options_.pattern;
  if (pattern.empty() && label) pattern = "[%r@%h] ";
  if (options_.timestamp) pattern.insert(0, "%t ");
  merger_.set_label(place.rank, io::expand_pattern(pattern, place));
  const auto now = std::chrono::system_clock::now();
  for (const auto& [stream, file] : {std::pair(io::Stream::out, options_.out_file),
                                     std::pair(io::Stream::err, options_.err_file)}) {
    if (file.empty()) continue;
    const auto path = io::fill_time(io::expand_pattern(file, place), now);
    const auto opened = files_.open(place.rank, stream, path);
    if (!opened) return opened.failure();
  }
  return core::Done{};
}

bool RankOutput::is_shown(std::uint32_t rank, io::Stream stream) const {
  const bool shows = stream == io::Stream::out ? options_.shows_out : options_.shows_err;
  return shows && (!options_.from || options_.from->count(rank) != 0);
}

void RankOutput::take(std::uint32_t rank, std::uint8_t number, std::span<const std::byte> data) {
  const auto stream = options_.merge ? io::Stream::out : static_cast<io::Stream>(number);
  const std::string_view text(reinterpret_cast<const char*>(data.data()), data.size());
  if (files_.has(rank, stream)) check_file(files_.write(rank, stream, text));
  if (!is_shown(rank, stream)) {
    handlers_.settled(rank, data.size());
  } else if (options_.sort) {
    check_file(spool_.append(rank, stream, text));
    handlers_.settled(rank, data.size());
  } else {
    show(rank, stream, text, data.size());
  }
}

void RankOutput::show(std::uint32_t rank, io::Stream stream, std::string_view text,
                      std::size_t credit) {
  if (options_.raw || rank == raw_rank_) {
    if (!text.empty()) raw_line_is_open_ = text.back() != '\n';
    write({stream, rank, credit, std::string(text)});
  } else {
    merger_.feed(rank, stream, text);
    arm_tick();
  }
}

void RankOutput::write(io::OutputChunk chunk) {
  if (!chunk.bytes.empty()) in_place_line_.clear();
  sink_.write(std::move(chunk));
}

// Piece by piece, the next when the one before is written: the reader may be slow.
void RankOutput::show_sorted(std::function<void()> shown) {
  auto piece = spool_.take(sorted_piece_bytes);
  if (!piece.ok()) check_file(piece.failure());
  if (!piece.ok() || !piece.value()) return shown();
  const auto& next = *piece.value();
  show(next.rank, next.stream, next.bytes, 0);
  if (next.is_last) merger_.end(next.rank, next.stream);
  sink_.when_written([this, shown = std::move(shown)] { show_sorted(shown); });
}

void RankOutput::check_file(const core::Status& written) {
  if (written.ok() || files_failed_) return;
  files_failed_ = true;
  handlers_.file_failed(written.failure().text);
}

void RankOutput::end_of(std::uint32_t rank) {
  check_file(files_.end(rank, io::Stream::out));
  check_file(files_.end(rank, io::Stream::err));
  if (options_.sort) return;
  merger_.end(rank, io::Stream::out);
  merger_.end(rank, io::Stream::err);
}

void RankOutput::whole_line(const std::string& line) {
  const bool begins = std::exchange(raw_line_is_open_, false);
  merger_.own_lines(io::Stream::err, begins ? "\n" + line : line);
}

void RankOutput::finish(std::function<void()> done) {
  merger_.flush();
  in_place_line_.clear();
  sink_.when_written(std::move(done));
}

void RankOutput::arm_tick() {
  if (ticking_ || !merger_.needs_tick()) return;
  ticking_ = true;
  tick_.expires_after(std::chrono::milliseconds(io::LineMerger::tick_interval_ms));
  tick_.async_wait([this](asio::error_code error) {
    ticking_ = false;
    if (error) return;
    // While a reader stands still the ranks wait for it, in the middle of a line or not.
    if (sink_.queued_bytes() == 0) merger_.tick();
    arm_tick();
  });
}

}  // namespace prun::job
