#include "launcher/agent/staging.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstdio>
#include <utility>

#include "launcher/agent/preflight.hpp"
#include "launcher/agent/rank_environment.hpp"
#include "launcher/system/elf.hpp"
#include "launcher/system/environment.hpp"

namespace prun::agent {
namespace {

bool is_directory(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

// 0 where it is none.
std::uint64_t size_of_file(const std::string& path, bool& there) {
  struct stat info {};
  there = ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
  return there ? static_cast<std::uint64_t>(info.st_size) : 0;
}

core::Failure about(const stage::OfferedFile& file, const core::Failure& failure) {
  return {failure.code, file.name + ": " + failure.text};
}

}  // namespace

Staging::Staging(stage::StageOffer offer, std::vector<std::string> environment,
                 system::Leftovers& leftovers)
    : offer_(std::move(offer)),
      environment_(std::move(environment)),
      leftovers_(leftovers),
      used_(offer_.files.size()),
      paths_(offer_.files.size()) {}

bool Staging::is_in_place(const stage::OfferedFile& file, const bootstrap::Program* program) const {
  std::vector<std::string> candidates{file.path};
  // Where the folder is not there ranks run in the home folder, and what was copied there is meant.
  const char* const home = system::find_variable(environment_, "HOME");
  if (program != nullptr && home != nullptr && !is_directory(program->directory))
    candidates.push_back(std::string(home) + "/" + file.name);
  for (const auto& candidate : candidates) {
    bool there = false;
    const std::uint64_t bytes = size_of_file(candidate, there);
    if (!there || (file.executable && ::access(candidate.c_str(), X_OK) != 0)) continue;
    if (bytes == file.content.bytes) {
      const auto content = stage::hash_file(candidate);
      if (content && content->hash == file.content.hash) return true;
    }
    // Built for another processor than the launcher's: the host's own is the right one.
    if (!file.target.empty() && file.target != system::elf_target("/proc/self/exe")) return true;
  }
  return false;
}

core::Result<std::vector<std::uint32_t>> Staging::look(const bootstrap::JobSetup& setup,
                                                       const std::vector<bool>& needed_programs) {
  std::array<char, 32> name{};
  std::snprintf(name.data(), name.size(), "%016" PRIx64 "-%" PRIu32, setup.map.job_id,
                setup.host_index);
  run_ = name.data();
  for (std::uint32_t i = 0; i < offer_.files.size(); ++i) {
    const auto& file = offer_.files[i];
    const bootstrap::Program* user = nullptr;
    for (const auto& use : offer_.uses) {
      if (use.file == i && use.program < needed_programs.size() && needed_programs[use.program])
        user = &setup.programs[use.program];
    }
    if (user == nullptr && !file.asked_for) continue;
    used_[i] = offer_.always || !is_in_place(file, user);
    runs_there_ |= used_[i] && file.asked_for;
  }
  if (runs_there_) {
    for (std::uint32_t i = 0; i < offer_.files.size(); ++i)
      used_[i] = used_[i] || offer_.files[i].asked_for;
  }
  if (std::find(used_.begin(), used_.end(), true) == used_.end()) return wanted_;

  std::uint64_t missing_bytes = 0;
  for (std::uint32_t i = 0; i < offer_.files.size(); ++i) {
    const auto& file = offer_.files[i];
    if (used_[i] && !stage::Store::has(environment_, file.content, file.executable))
      missing_bytes += file.content.bytes;
  }
  auto store = stage::Store::open(environment_, run_, missing_bytes, leftovers_);
  if (!store.ok()) return store.failure();
  store_ = std::move(store).value();
  std::vector<std::string> seen;  // one content under two names comes once
  for (std::uint32_t i = 0; i < offer_.files.size(); ++i) {
    const auto& file = offer_.files[i];
    if (!used_[i] || store_->has(file.content, file.executable)) continue;
    const std::string key = stage::to_hex(file.content.hash) + (file.executable ? "x" : "");
    if (std::find(seen.begin(), seen.end(), key) != seen.end()) continue;
    seen.push_back(key);
    wanted_.push_back(i);
  }
  const auto begun = begin_next();
  if (!begun.ok()) return begun.failure();
  return wanted_;
}

// Empty files are whole at once.
core::Status Staging::begin_next() {
  while (next_ < wanted_.size()) {
    const auto& file = offer_.files[wanted_[next_]];
    received_ = 0;
    auto done = store_->begin(file.content, file.executable);
    if (done.ok() && file.content.bytes > 0) return done;
    if (done.ok()) done = store_->finish();
    if (!done.ok()) return about(file, done.failure());
    ++next_;
  }
  return core::Done{};
}

core::Status Staging::take(const stage::StageData& chunk) {
  if (complete() || chunk.file != wanted_[next_])
    return core::Failure{Errc::bad_data, "a file came that was not wanted"};
  const auto& file = offer_.files[chunk.file];
  if (chunk.data.size() > file.content.bytes - received_)
    return core::Failure{Errc::bad_data, file.name + ": it has changed while it was sent"};
  auto done = store_->add(chunk.data);
  if (!done.ok()) return about(file, done.failure());
  received_ += chunk.data.size();
  return core::Done{};
}

core::Status Staging::settle() {
  if (complete()) return core::Done{};
  const auto& file = offer_.files[wanted_[next_]];
  if (received_ < file.content.bytes) return core::Done{};
  const auto done = store_->finish();
  if (!done.ok()) return about(file, done.failure());
  ++next_;
  return begin_next();
}

core::Status Staging::restart() {
  return begin_next();
}

std::vector<std::uint32_t> Staging::missing() const {
  return {wanted_.begin() + static_cast<std::ptrdiff_t>(next_), wanted_.end()};
}

std::uint64_t Staging::wanted_bytes() const {
  std::uint64_t sum = 0;
  for (const auto file : wanted_) sum += offer_.files[file].content.bytes;
  return sum;
}

std::uint64_t Staging::received_bytes() const {
  std::uint64_t sum = complete() ? 0 : received_;
  for (std::size_t i = 0; i < next_; ++i) sum += offer_.files[wanted_[i]].content.bytes;
  return sum;
}

core::Result<std::optional<stage::StageData>> Staging::piece(Place& place) const {
  while (!is_end(place)) {
    const auto& file = offer_.files[wanted_[place.file]];
    const std::uint64_t there = place.file < next_    ? file.content.bytes
                                : place.file == next_ ? received_
                                                      : 0;
    if (place.position == file.content.bytes) {
      place = {place.file + 1, 0};
      continue;
    }
    if (place.position >= there) break;
    stage::StageData piece;
    piece.file = wanted_[place.file];
    piece.data.resize(static_cast<std::size_t>(
        std::min<std::uint64_t>(there - place.position, stage::data_chunk_bytes)));
    const auto got = store_->read(file.content, file.executable, place.position, piece.data);
    if (!got.ok()) return about(file, got.failure());
    if (got.value() == 0) return about(file, {Errc::resource, "it cannot be read any more"});
    piece.data.resize(got.value());
    place.position += got.value();
    return std::optional(std::move(piece));
  }
  return std::optional<stage::StageData>();
}

core::Status Staging::show() {
  if (!store_) return core::Done{};
  for (std::size_t i = 0; i < offer_.files.size(); ++i) {
    if (!used_[i]) continue;
    const auto& file = offer_.files[i];
    auto path = store_->show(file.content, file.executable, file.name);
    if (!path.ok()) return about(file, path.failure());
    paths_[i] = std::move(path).value();
  }
  store_->evict();
  return core::Done{};
}

bootstrap::Program Staging::program(const bootstrap::Program& program, std::uint32_t index) const {
  bootstrap::Program here = program;
  for (const auto& use : offer_.uses) {
    if (use.program != index || use.word == 0 || use.word >= here.arguments.size()) continue;
    if (!paths_[use.file].empty()) here.arguments[use.word] = paths_[use.file];
  }
  if (!runs_there_) return here;
  here.environment.push_back("PRUN_STAGE_DIR=" + store_->run_folder());
  if (!program.directory_required) {
    here.directory = store_->run_folder();
    here.directory_required = true;
  }
  return here;
}

std::string Staging::path_of(std::uint32_t program) const {
  for (const auto& use : offer_.uses) {
    if (use.program == program && use.word == 0) return paths_[use.file];
  }
  return {};
}

std::vector<std::string> Staging::notes() const {
  if (!runs_there_) return {};
  // The number of the host is the only thing in the path that differs from host to host.
  return {"the staged files are in " +
          store_->run_folder().substr(0, store_->run_folder().rfind('-')) +
          "-*, where the ranks run"};
}

}  // namespace prun::agent
