#include "film_loan.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>

#include "film_file.hpp"
#include "messages.hpp"
#include "regrouping.hpp"

namespace wall {
namespace {

// One for each look of the lender: some 5 MB a second, which leaves the others' clocks the link.
constexpr std::int64_t piece_bytes = std::int64_t{1} << 18;

template <class T>
T wait_for(const prun::Communicator& comm, const FilmLender& lender, int from, int tag) {
  while (!comm.iprobe(from, tag)) {
    lender.step(comm);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return comm.recv<T>(from, tag);
}

// Whether that rank has it, and then this host too.
bool borrow(const prun::Communicator& comm, const FilmLender& lender, int from, std::int32_t number,
            const std::function<void(const std::string&)>& say) {
  const std::string& film = lender.own()[static_cast<std::size_t>(number)];
  std::optional<IncomingFilm> incoming;
  FilmVersion version;
  std::int64_t done = 0;
  do {
    comm.send(FilmWanted{number, 0, done}, from, film_wanted_tag);
    const auto found = wait_for<FilmVersion>(comm, lender, from, film_found_tag);
    const auto piece = wait_for<std::vector<char>>(comm, lender, from, film_piece_tag);
    if (found.bytes < 0) return false;
    if (!incoming) {
      version = found;
      if (version_of(kept_film(film)) == version) return true;  // sent another time
      say(film + " goes from " + comm.host(from) + " to " + comm.host());
      incoming.emplace(film, version, comm.world_rank(comm.rank()));
    }
    if (found != version || (piece.empty() && done < version.bytes)) return false;
    incoming->add(piece);
    done += static_cast<std::int64_t>(piece.size());
  } while (done < version.bytes);
  incoming->finish();
  return true;
}

}  // namespace

FilmLender::FilmLender(std::vector<std::vector<std::string>> films, int own_rank)
    : films_(std::move(films)), own_rank_(static_cast<std::size_t>(own_rank)) {}

void FilmLender::step(const prun::Communicator& comm) const {
  const std::vector<int> lost = comm.lost();
  for (int rank = 0; rank < comm.size(); ++rank) {
    if (rank == comm.rank() || std::count(lost.begin(), lost.end(), rank) != 0) continue;
    try {
      if (comm.iprobe(rank, film_wanted_tag)) answer(comm, rank);
    } catch (const prun::Error& error) {
      if (!is_gone(error)) throw;
    }
  }
}

void FilmLender::answer(const prun::Communicator& comm, int borrower) const {
  const auto wanted = comm.recv<FilmWanted>(borrower, film_wanted_tag);
  const auto& films = films_[static_cast<std::size_t>(comm.world_rank(borrower))];
  const std::string file = find(films.at(static_cast<std::size_t>(wanted.number)));
  FilmVersion version = version_of(file);
  std::vector<char> piece;
  if (wanted.offset >= 0 && wanted.offset < version.bytes) {
    piece.resize(static_cast<std::size_t>(std::min(piece_bytes, version.bytes - wanted.offset)));
    try {
      read_film(file, wanted.offset, piece);
    } catch (const std::runtime_error&) {  // another may have it
      version = {};
      piece.clear();
    }
  }
  comm.send(version, borrower, film_found_tag);
  comm.send(piece, borrower, film_piece_tag);
}

std::string FilmLender::find(const std::string& film) const {
  const bool kept_for_us =
      version_of(film).bytes < 0 && std::count(own().begin(), own().end(), film) != 0;
  return kept_for_us ? kept_film(film) : film;
}

std::optional<std::vector<std::string>> borrow_films(
    const prun::Communicator& comm, const FilmLender& lender,
    const std::function<void(const std::string&)>& say) {
  std::vector<std::string> films = lender.own();
  for (std::size_t film = 0; film < films.size(); ++film) {
    if (is_address(films[film]) || version_of(films[film]).bytes >= 0) continue;
    for (int rank = 0; rank < comm.size(); ++rank) {
      try {
        if (rank == comm.rank() ||
            !borrow(comm, lender, rank, static_cast<std::int32_t>(film), say)) {
          continue;
        }
        films[film] = kept_film(films[film]);
        break;
      } catch (const prun::Error& error) {
        if (!is_gone(error)) throw;
        if (error.code() == prun::Errc::peer_lost && !is_lost(comm, rank)) return std::nullopt;
      }
    }
  }
  return films;
}

}  // namespace wall
