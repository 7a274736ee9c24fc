#include "launcher/system/leftovers.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <new>
#include <string>
#include <vector>

namespace prun::system {
namespace {

// Pages that nothing is written to cost nothing.
constexpr std::size_t memory_bytes = std::size_t{1} << 20;

}  // namespace

// One behind the other from the beginning of the memory; the first with state none is the end.
struct alignas(8) Leftovers::Note {
  enum class State : std::uint32_t { none = 0, there = 1, forgotten = 2 };
  std::atomic<State> state;
  std::uint32_t length;

  char* text() { return reinterpret_cast<char*>(this + 1); }
  std::string_view path() { return {text(), length}; }
  static std::size_t bytes(std::size_t length) {
    return sizeof(Note) + (length + alignof(Note) - 1) / alignof(Note) * alignof(Note);
  }
};

std::unique_ptr<Leftovers> Leftovers::make() {
  std::unique_ptr<Leftovers> made(new Leftovers);
  void* const memory = ::mmap(nullptr, memory_bytes, PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory != MAP_FAILED) made->memory_ = static_cast<std::byte*>(memory);
  return made;
}

Leftovers::~Leftovers() {
  if (memory_ != nullptr) ::munmap(memory_, memory_bytes);
}

// Null behind the end of the memory.
Leftovers::Note* Leftovers::note_at(std::size_t at) const {
  if (memory_ == nullptr || at + sizeof(Note) > memory_bytes) return nullptr;
  // Notes lie at multiples of their alignment.
  return std::launder(static_cast<Note*>(static_cast<void*>(memory_ + at)));
}

void Leftovers::add(std::string_view path) {
  std::size_t at = 0;
  Note* note = nullptr;
  while ((note = note_at(at)) != nullptr && note->state != Note::State::none)
    at += Note::bytes(note->length);
  if (note == nullptr || at + Note::bytes(path.size()) > memory_bytes) return;
  note->length = static_cast<std::uint32_t>(path.size());
  std::memcpy(note->text(), path.data(), path.size());
  note->state = Note::State::there;  // last: it is read by others from now on
}

void Leftovers::forget(std::string_view path) {
  std::size_t at = 0;
  for (Note* note = note_at(at); note != nullptr && note->state != Note::State::none;
       note = note_at(at += Note::bytes(note->length))) {
    if (note->path() == path) note->state = Note::State::forgotten;
  }
}

void Leftovers::clear() {
  std::vector<std::string> paths;
  std::size_t at = 0;
  for (Note* note = note_at(at); note != nullptr && note->state != Note::State::none;
       note = note_at(at += Note::bytes(note->length))) {
    if (note->state == Note::State::there) paths.emplace_back(note->path());
    note->state = Note::State::forgotten;
  }
  for (auto path = paths.rbegin(); path != paths.rend(); ++path) {
    if (::unlink(path->c_str()) != 0) ::rmdir(path->c_str());
  }
}

}  // namespace prun::system
