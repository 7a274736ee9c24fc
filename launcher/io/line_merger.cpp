#include "launcher/io/line_merger.hpp"

#include <algorithm>
#include <chrono>

#include "launcher/io/labeler.hpp"
#include "launcher/io/output_pattern.hpp"

namespace prun::io {

void LineMerger::set_label(std::uint32_t source, std::string label) {
  labels_[source] = std::move(label);
}

void LineMerger::feed(std::uint32_t source, Stream stream, std::string_view bytes) {
  Lane& from = lane(source, stream);
  if (!from.fed_since_tick) fed_.push_back(&from);
  from.fed_since_tick = true;
  from.quiet_ticks = 0;
  from.fed_in_blocks = bytes.size() >= block_bytes;
  const bool is_open = destination(stream).open == &from;
  std::string block = from.splitter.feed(bytes, is_open);
  note_kept(from);
  if (!is_open) from.is_long = !block.empty() && block.back() != '\n';
  submit(from, bytes.size(), std::move(block));
}

void LineMerger::end(std::uint32_t source, Stream stream) {
  Lane& from = lane(source, stream);
  Destination& place = destination(stream);
  std::string rest = from.splitter.take_rest();
  note_kept(from);
  from.fed_since_tick = false;
  const bool is_unfinished = !rest.empty() || !from.took_all_lines;
  if (is_unfinished && !labels_[source].empty()) rest += '\n';
  if (!rest.empty()) submit(from, 0, std::move(rest));
  if (place.open == &from && !place.held.empty()) close_line(place);
}

void LineMerger::own_lines(Stream stream, std::string_view text) {
  if (text.empty()) return;
  Destination& place = destination(stream);
  while (place.open != nullptr) close_line(place);
  std::string lines(text);
  if (lines.back() != '\n') lines += '\n';
  emit_(OutputChunk{stream, 0, 0, std::move(lines)});
}

bool LineMerger::needs_tick() const {
  return !kept_.empty() || !fed_.empty() ||
         std::any_of(destinations_.begin(), destinations_.end(),
                     [](const Destination& place) { return !place.held.empty(); });
}

void LineMerger::tick() {
  for (auto& place : destinations_) {
    if (place.held.empty()) continue;
    ++place.held_ticks;
    const bool may_go_on =
        place.open != nullptr && place.open->is_long && place.open->fed_since_tick;
    if (!may_go_on || place.held_ticks >= patience_ticks) close_line(place);
  }
  flush_quiet_lines();
  for (auto& place : destinations_) {
    place.recent = nullptr;
    place.recent_several = false;
  }
  for (Lane* one : fed_) one->fed_since_tick = false;
  fed_.clear();
}

void LineMerger::flush() {
  for (const auto& [key, one] : kept_) submit(*one, 0, one->splitter.take_rest());
  kept_.clear();
  for (auto& place : destinations_) {
    while (!place.held.empty()) close_line(place);
  }
}

LineMerger::Lane& LineMerger::lane(std::uint32_t source, Stream stream) {
  const Key key{source, stream};
  auto& one = lanes_[key];
  if (!one) one = std::make_unique<Lane>(key, settings_.kept_line_bytes);
  return *one;
}

LineMerger::Destination& LineMerger::destination(Stream stream) {
  return destinations_[settings_.one_destination || stream == Stream::out ? 0 : 1];
}

void LineMerger::note_kept(Lane& lane) {
  if (lane.splitter.empty()) {
    kept_.erase(lane.key);
  } else {
    kept_[lane.key] = &lane;
  }
}

// A prompt or a progress bar: shown once its rank says no more and nobody else is writing there, in
// the end anyway.
void LineMerger::flush_quiet_lines() {
  const auto kept = kept_;
  for (const auto& [key, one] : kept) {
    if (one->fed_since_tick) continue;
    ++one->quiet_ticks;
    const Destination& place = destination(key.second);
    const bool is_alone = place.open == nullptr && !place.recent_several &&
                          (place.recent == nullptr || place.recent == one) && !one->fed_in_blocks;
    if (!is_alone && one->quiet_ticks < patience_ticks) continue;
    kept_.erase(key);
    submit(*one, 0, one->splitter.take_rest());
  }
}

void LineMerger::submit(Lane& from, std::size_t credit, std::string block) {
  Destination& place = destination(from.key.second);
  if (!block.empty()) from.took_all_lines = block.back() == '\n';
  const bool open_is_idle = place.open != nullptr && !place.open->fed_since_tick;
  if (place.open != nullptr && place.open != &from && open_is_idle && !block.empty())
    close_line(place);
  if (place.open == nullptr || place.open == &from || block.empty()) {
    put(place, from, credit, block);
    release(place);
    return;
  }
  place.held_bytes += block.size();
  place.held.push_back(Held{&from, credit, std::move(block)});
  while (place.held_bytes > settings_.held_bytes) close_line(place);
}

void LineMerger::put(Destination& place, Lane& from, std::size_t credit, std::string_view block) {
  if (block.empty()) {
    if (credit != 0) emit_(OutputChunk{from.key.second, from.key.first, credit, {}});
    return;
  }
  const auto now = std::chrono::system_clock::now();
  std::string bytes = label_lines(block, fill_time(labels_[from.key.first], now), from.begins_line);
  from.begins_line = block.back() == '\n';
  place.open = from.begins_line ? nullptr : &from;
  if (from.begins_line) from.is_long = false;
  if (place.recent != nullptr && place.recent != &from) place.recent_several = true;
  place.recent = &from;
  emit_(OutputChunk{from.key.second, from.key.first, credit, std::move(bytes)});
}

// Ends the unfinished line, if there is one, and lets the next of those held back through.
void LineMerger::close_line(Destination& place) {
  if (place.open != nullptr) {
    emit_(OutputChunk{place.open->key.second, place.open->key.first, 0, "\n"});
    place.open->begins_line = true;
    place.open->took_all_lines = true;
    place.open->is_long = false;
    place.open = nullptr;
  }
  place.held_ticks = 0;
  release(place);
}

// Lets held blocks out in order until one leaves its line unfinished; then only that rank's own go
// on.
void LineMerger::release(Destination& place) {
  auto next = place.held.begin();
  while (next != place.held.end()) {
    if (place.open != nullptr && next->lane != place.open) {
      ++next;
      continue;
    }
    const Held held = std::move(*next);
    place.held.erase(next);
    place.held_bytes -= held.block.size();
    put(place, *held.lane, held.credit, held.block);
    next = place.held.begin();
  }
  if (place.held.empty()) place.held_ticks = 0;
}

}  // namespace prun::io
