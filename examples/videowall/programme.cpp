#include "programme.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

namespace wall {

Programme::Programme(std::vector<Seconds> films, std::uint64_t rounds)
    : films_(std::move(films)), rounds_(rounds) {
  if (films_.empty()) throw std::invalid_argument("there is no film to play");
  if (rounds_ == 0) throw std::invalid_argument("there is nothing to play in no round");
  for (const Seconds film : films_) {
    if (!(film.count() > 0) || !std::isfinite(film.count())) {
      throw std::invalid_argument("a film has no length");
    }
    round_ += film;
  }
}

Programme::Place Programme::at(Seconds position) const {
  if (position >= length()) return {rounds_ - 1, films_.size() - 1, films_.back()};
  position = std::max(position, Seconds(0));
  const auto round = std::min(static_cast<std::uint64_t>(position / round_), rounds_ - 1);
  Seconds rest = std::max(position - round_ * static_cast<double>(round), Seconds(0));
  std::size_t film = 0;
  while (film + 1 < films_.size() && rest >= films_[film]) rest -= films_[film++];
  return {round, film, rest};
}

Seconds Programme::start_of(std::uint64_t round, std::size_t film) const {
  Seconds start = round_ * static_cast<double>(round);
  for (std::size_t before = 0; before < film; ++before) start += films_[before];
  return start;
}

Seconds Programme::start_of_next(Seconds position) const {
  const Place here = at(position);
  if (here.film + 1 < films_.size()) return start_of(here.round, here.film + 1);
  return start_of(here.round + 1, 0);
}

}  // namespace wall
