#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <prun/prun.hpp>

namespace wall {

// Gives films in pieces to screens that were started again and lack them, while this one plays. Owned
// by the rank; one thread.
class FilmLender {
 public:
  // `films`: those of each rank of the job, as they are named to all.
  FilmLender(std::vector<std::vector<std::string>> films, int own_rank);

  const std::vector<std::vector<std::string>>& everybodys() const { return films_; }
  const std::vector<std::string>& own() const { return films_[own_rank_]; }

  // Answers all that have asked since the last time: a piece to each.
  void step(const prun::Communicator& comm) const;

 private:
  void answer(const prun::Communicator& comm, int borrower) const;
  // Where this host has the film: its own, or one that was sent here for this rank.
  std::string find(const std::string& film) const;

  std::vector<std::vector<std::string>> films_;
  std::size_t own_rank_;
};

// For a rank that was started again: asks the others one after the other for films that this host
// lacks, and gives the rank's films as they are to be opened here. Films that nobody has are left as
// they are. Answers others meanwhile. A line for people goes to `say`. Nothing: the others come
// together anew, and this rank is to come as well. Throws std::runtime_error when a film cannot be
// written down.
std::optional<std::vector<std::string>> borrow_films(
    const prun::Communicator& comm, const FilmLender& lender,
    const std::function<void(const std::string&)>& say);

}  // namespace wall
