#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "launcher/stage/content_hash.hpp"
#include "launcher/system/descriptor.hpp"
#include "launcher/system/leftovers.hpp"
#include "runtime/core/result.hpp"

namespace prun::stage {

// prun's folder in the user's cache: $XDG_CACHE_HOME/prun or ~/.cache/prun; empty without either.
std::string cache_folder(const std::vector<std::string>& environment);

// Why it is not used although it is there, for the user; empty where nothing is wrong with it.
std::string cache_fault(const std::vector<std::string>& environment);

// Files that came with jobs, kept under the hash of their content, and the folder of one run with
// the names its programs see. Owned by the agent, one thread; destroying it takes the run's names
// away again. What ranks have written into the run's folder stays.
//
//   CACHE/files/HASH        mode 0400, with .x and 0500 where it is a program
//   CACHE/runs/RUN/NAME     hard links to them
//
// A kept file carries a fixed time of change: one that somebody has written to since is known by it
// and not used again. The time of access is ours to say when it was used last.
class Store {
 public:
  static constexpr std::uint64_t most_bytes = std::uint64_t{512} << 20;

  // `needed_bytes` decides where: the cache folder, or a new one in a temporary folder that goes
  // with this object, if the first cannot be written or has not the room. What would be left if the
  // process were killed is noted in `leftovers`, which outlive this object.
  static core::Result<std::unique_ptr<Store>> open(const std::vector<std::string>& environment,
                                                   const std::string& run,
                                                   std::uint64_t needed_bytes,
                                                   system::Leftovers& leftovers);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // Is it in the cache folder, as it came?
  static bool has(const std::vector<std::string>& environment, const FileContent& content,
                  bool executable);
  bool has(const FileContent& content, bool executable) const;

  // One file at a time: begin, add its bytes, finish; finish makes sure of them.
  core::Status begin(const FileContent& content, bool executable);
  core::Status add(std::span<const std::byte> bytes);
  core::Status finish();
  // The bytes from there on of a file that is kept or coming, as many as there are room and bytes.
  core::Result<std::size_t> read(const FileContent& content, bool executable,
                                 std::uint64_t position, std::span<std::byte> to) const;

  // Shows a kept file in the run's folder; its path there.
  core::Result<std::string> show(const FileContent& content, bool executable,
                                 const std::string& name);
  const std::string& run_folder() const { return run_folder_; }

  // Removes those used least recently until no more than `limit` bytes are kept.
  void evict(std::uint64_t limit = most_bytes) const;

 private:
  Store(std::string folder, std::string run, bool temporary, system::Leftovers& leftovers);

  void drop(const std::string& path);

  std::string folder_;
  std::string run_folder_;
  bool temporary_;
  system::Leftovers& leftovers_;
  std::vector<std::string> shown_;

  struct Incoming {
    FileContent content;
    std::string path;
    std::string target;
    bool executable;
    system::Descriptor file;
    Hasher hasher;
    std::uint64_t bytes = 0;
  };
  std::unique_ptr<Incoming> incoming_;
};

}  // namespace prun::stage
