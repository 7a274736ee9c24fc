#pragma once

#include <cstdint>
#include <fstream>
#include <span>
#include <string>

namespace wall {

// What tells one version of a film from another, without reading it all at each start. It travels as
// it is.
struct FilmVersion {
  std::int64_t bytes = -1;   // -1: there is none that can be read
  std::int64_t changed = 0;  // seconds since 1970

  bool operator==(const FilmVersion&) const = default;
};
FilmVersion version_of(const std::string& file);

// A film that the player fetches from somewhere: no file.
bool is_address(const std::string& film);

// Where a host keeps films that were sent to it: in its user's cache folder.
std::string kept_film(const std::string& film);

// Fills `piece` with what the file has from `offset` on. Throws std::runtime_error.
void read_film(const std::string& file, std::int64_t offset, std::span<char> piece);

// A film that comes in pieces from another host and is kept here. All calls throw
// std::runtime_error when it cannot be written down.
class IncomingFilm {
 public:
  // `rank`: of the job, which writes it. Ranks of one host may do so at the same time.
  IncomingFilm(const std::string& film, const FilmVersion& version, int rank);
  // Nothing stays of what was not finished.
  ~IncomingFilm();
  IncomingFilm(const IncomingFilm&) = delete;
  IncomingFilm& operator=(const IncomingFilm&) = delete;

  void add(std::span<const char> piece);
  // There it is: whoever sees it sees all of it.
  void finish();

 private:
  FilmVersion version_;
  std::string kept_;
  std::string part_;
  std::ofstream output_;
};

}  // namespace wall
