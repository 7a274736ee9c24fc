#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "launcher/stage/messages.hpp"
#include "launcher/stage/store.hpp"

namespace prun::agent {

// Files of the launcher that a host needs for its programs: which of them are here already, taking
// in the others, and what they are called here. Owned by the agent, one thread; destroying it
// removes the run's folder unless ranks have written there.
class Staging {
 public:
  // `environment` is the agent's own.
  Staging(stage::StageOffer offer, std::vector<std::string> environment,
          system::Leftovers& leftovers);

  // What the programs that run here need and is not here, by index of the offer.
  core::Result<std::vector<std::uint32_t>> look(const bootstrap::JobSetup& setup,
                                                const std::vector<bool>& needed_programs);
  // The next bytes; settle() makes sure of the file that is whole with them. What is passed on goes
  // out between the two: the disk takes its time.
  core::Status take(const stage::StageData& chunk);
  core::Status settle();
  bool complete() const { return next_ == wanted_.size(); }
  // What has come of the file under way is thrown away, as another source begins it anew.
  core::Status restart();
  std::vector<std::uint32_t> missing() const;
  std::uint64_t wanted_bytes() const;
  std::uint64_t received_bytes() const;

  // How far somebody has read what is wanted here.
  struct Place {
    std::size_t file = 0;
    std::uint64_t position = 0;
  };
  // What is behind that place and has come, a piece at most; nothing yet, or nothing any more.
  core::Result<std::optional<stage::StageData>> piece(Place& place) const;
  bool is_end(const Place& place) const { return place.file == wanted_.size(); }
  // Once complete: gives the files their names.
  core::Status show();

  // The same program with the words and the folder it has here.
  bootstrap::Program program(const bootstrap::Program& program, std::uint32_t index) const;
  // What is to be executed for it; empty: as typed.
  std::string path_of(std::uint32_t program) const;
  std::vector<std::string> notes() const;

 private:
  // A file that is here under its own name needs none of ours.
  bool is_in_place(const stage::OfferedFile& file, const bootstrap::Program* program) const;
  core::Status begin_next();

  stage::StageOffer offer_;
  std::vector<std::string> environment_;
  system::Leftovers& leftovers_;
  std::string run_;
  std::vector<bool> used_;          // by file: shown in the run's folder
  std::vector<std::string> paths_;  // by file, there
  bool runs_there_ = false;
  std::vector<std::uint32_t> wanted_;
  std::size_t next_ = 0;
  std::uint64_t received_ = 0;  // of the next
  std::unique_ptr<stage::Store> store_;
};

}  // namespace prun::agent
