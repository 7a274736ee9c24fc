#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace wall {

using Seconds = std::chrono::duration<double>;

// What the wall plays: the lengths of its films, one behind the other, and the list that often. A
// place in it is one number, the seconds from its beginning, the same on all screens. A value.
class Programme {
 public:
  // Throws std::invalid_argument where there is no film, one without a length, or no round.
  Programme(std::vector<Seconds> films, std::uint64_t rounds);

  struct Place {
    std::uint64_t round;
    std::size_t film;
    Seconds position;  // within the film
  };
  // Places before the beginning count as the beginning, those behind the end as the end.
  Place at(Seconds position) const;
  Seconds start_of(std::uint64_t round, std::size_t film) const;
  // Where the film behind the one at this position starts: length() behind the last one.
  Seconds start_of_next(Seconds position) const;

  const std::vector<Seconds>& films() const { return films_; }
  std::uint64_t rounds() const { return rounds_; }
  Seconds round_length() const { return round_; }
  Seconds length() const { return round_ * static_cast<double>(rounds_); }

 private:
  std::vector<Seconds> films_;
  std::uint64_t rounds_;
  Seconds round_{};
};

}  // namespace wall
