#include "film_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <stdexcept>
#include <system_error>

namespace wall {
namespace {

namespace fs = std::filesystem;

void set_changed(const std::string& file, std::int64_t seconds) {
  timespec times[2]{};
  times[0].tv_nsec = UTIME_OMIT;
  times[1].tv_sec = static_cast<std::time_t>(seconds);
  utimensat(AT_FDCWD, file.c_str(), times, 0);
}

[[noreturn]] void cannot(const char* what, const std::string& file) {
  throw std::runtime_error(std::string("cannot ") + what + ' ' + file + ": is the card full?");
}

}  // namespace

FilmVersion version_of(const std::string& file) {
  struct stat found {};
  if (stat(file.c_str(), &found) != 0 || !S_ISREG(found.st_mode)) return {};
  if (access(file.c_str(), R_OK) != 0) return {};
  return {found.st_size, found.st_mtime};
}

bool is_address(const std::string& film) {
  return film.find("://") != std::string::npos;
}

std::string kept_film(const std::string& film) {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  const fs::path folder = cache != nullptr  ? fs::path(cache)
                          : home != nullptr ? fs::path(home) / ".cache"
                                            : fs::temp_directory_path();
  // Films of one name may come from several folders.
  std::string name = film;
  std::replace(name.begin(), name.end(), '/', '%');
  return (folder / "videowall" / name).string();
}

void read_film(const std::string& file, std::int64_t offset, std::span<char> piece) {
  std::ifstream input(file, std::ios::binary);
  input.seekg(offset);
  if (!input.read(piece.data(), static_cast<std::streamsize>(piece.size()))) cannot("read", file);
}

IncomingFilm::IncomingFilm(const std::string& film, const FilmVersion& version, int rank)
    : version_(version), kept_(kept_film(film)), part_(kept_ + ".part" + std::to_string(rank)) {
  fs::create_directories(fs::path(kept_).parent_path());
  output_.open(part_, std::ios::binary | std::ios::trunc);
}

IncomingFilm::~IncomingFilm() {
  std::error_code ignored;
  fs::remove(part_, ignored);  // there is none where it was finished
}

void IncomingFilm::add(std::span<const char> piece) {
  if (!output_.write(piece.data(), static_cast<std::streamsize>(piece.size()))) {
    cannot("write", part_);
  }
}

void IncomingFilm::finish() {
  output_.close();
  if (!output_) cannot("write", part_);
  set_changed(part_, version_.changed);
  fs::rename(part_, kept_);
}

}  // namespace wall
