#include "launcher/job/rank_output.hpp"

#include <unistd.h>

#include <asio/post.hpp>

#include <chrono>
#include <string_view>
#include <utility>

namespace prun::job {
namespace {

io::LineMerger::Settings merger_settings() {
  io::LineMerger::Settings settings;
  settings.one_destination = io::is_same_destination(STDOUT_FILENO, STDERR_FILENO);
  return settings;
}

}  // namespace

RankOutput::RankOutput(asio::io_context& io, Handlers handlers)
    : merger_([this](io::OutputChunk chunk) { sink_.write(std::move(chunk)); }, merger_settings()),
      sink_(STDOUT_FILENO, STDERR_FILENO,
            [&io](std::function<void()> work) { asio::post(io, std::move(work)); },
            {.settled = [on = std::move(handlers.settled)](
                            const io::OutputChunk& chunk) { on(chunk.source, chunk.credit); },
             .failed =
                 [on = std::move(handlers.broken)](io::Stream stream, int error) {
                   if (stream == io::Stream::out) on(error);
                 }}),
      tick_(io) {}

void RankOutput::take(std::uint32_t rank, std::uint8_t stream, std::span<const std::byte> data) {
  merger_.feed(rank, static_cast<io::Stream>(stream),
               {reinterpret_cast<const char*>(data.data()), data.size()});
  arm_tick();
}

void RankOutput::end_of(std::uint32_t rank) {
  merger_.end(rank, io::Stream::out);
  merger_.end(rank, io::Stream::err);
}

void RankOutput::own_line(const std::string& text) {
  merger_.own_lines(io::Stream::err, "prun: " + text + "\n");
}

void RankOutput::finish(std::function<void()> done) {
  merger_.flush();
  sink_.when_written(std::move(done));
}

void RankOutput::arm_tick() {
  if (ticking_ || !merger_.needs_tick()) return;
  ticking_ = true;
  tick_.expires_after(std::chrono::milliseconds(io::LineMerger::tick_interval_ms));
  tick_.async_wait([this](asio::error_code error) {
    ticking_ = false;
    if (error) return;
    merger_.tick();
    arm_tick();
  });
}

}  // namespace prun::job
