#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

namespace prun::system {

// The names in the file system that are to go when a process ends, in memory that processes forked after
// make() share: whoever outlives the one that has made them takes them away. One process at a time
// writes.
class Leftovers {
 public:
  // Where there is no memory for it, nothing is noted.
  static std::unique_ptr<Leftovers> make();
  ~Leftovers();
  Leftovers(const Leftovers&) = delete;
  Leftovers& operator=(const Leftovers&) = delete;

  // Before the name is made: a process may be killed between any two steps.
  void add(std::string_view path);
  void forget(std::string_view path);
  // Removes files and empty folders that were added and not forgotten, the last one first.
  void clear();

 private:
  struct Note;

  Leftovers() = default;
  Note* note_at(std::size_t at) const;

  std::byte* memory_ = nullptr;
};

}  // namespace prun::system
