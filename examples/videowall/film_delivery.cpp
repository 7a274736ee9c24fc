#include "film_delivery.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace wall {
namespace {

namespace fs = std::filesystem;

// A message of the broadcast: large enough to fill a link, small enough to be held twice by a board.
constexpr std::size_t piece_bytes = std::size_t{1} << 20;

std::int64_t size_of(const std::string& file) {
  std::error_code error;
  if (!fs::is_regular_file(file, error) || std::ifstream(file).fail()) return -1;
  const auto size = fs::file_size(file, error);
  return error ? -1 : static_cast<std::int64_t>(size);
}

[[noreturn]] void cannot(const char* what, const std::string& file) {
  throw std::runtime_error(std::string("cannot ") + what + ' ' + file + ": is the card full?");
}

// Collective over the rank that has it, which is 0 in `group`, and those that write it down.
void send_along(const prun::Communicator& group, const std::string& film, std::int64_t bytes,
                const std::function<void(std::int64_t)>& on_progress) {
  const bool writes = group.rank() != 0;
  const std::string kept = kept_film(film);
  const std::string part = kept + ".part";
  if (writes) fs::create_directories(fs::path(kept).parent_path());
  std::ifstream input;
  std::ofstream output;
  if (writes) {
    output.open(part, std::ios::binary | std::ios::trunc);
  } else {
    input.open(film, std::ios::binary);
  }
  std::vector<char> piece;
  for (std::int64_t done = 0; done < bytes; done += static_cast<std::int64_t>(piece.size())) {
    piece.resize(std::min(piece_bytes, static_cast<std::size_t>(bytes - done)));
    if (!writes && !input.read(piece.data(), static_cast<std::streamsize>(piece.size()))) {
      cannot("read", film);
    }
    group.bcast(std::span<char>(piece), 0);
    if (writes && !output.write(piece.data(), static_cast<std::streamsize>(piece.size()))) {
      cannot("write", part);
    }
    on_progress(done);
  }
  if (!writes) return;
  output.close();
  if (!output) cannot("write", part);
  fs::rename(part, kept);  // whoever sees it sees all of it
}

}  // namespace

Delivery plan_delivery(const std::vector<std::int64_t>& sizes, const std::vector<bool>& needs,
                       const std::vector<std::string>& hosts) {
  Delivery delivery;
  const auto has = std::find_if(sizes.begin(), sizes.end(), [](auto size) { return size >= 0; });
  if (has == sizes.end()) return delivery;
  delivery.from = static_cast<int>(has - sizes.begin());
  delivery.bytes = *has;
  std::set<std::string> served;
  for (std::size_t rank = 0; rank < sizes.size(); ++rank) {
    if (needs[rank] && sizes[rank] < 0 && served.insert(hosts[rank]).second) {
      delivery.to.push_back(static_cast<int>(rank));
    }
  }
  return delivery;
}

std::string kept_film(const std::string& film) {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  const fs::path folder = cache != nullptr  ? fs::path(cache)
                          : home != nullptr ? fs::path(home) / ".cache"
                                            : fs::temp_directory_path();
  return (folder / "videowall" / fs::path(film).filename()).string();
}

std::vector<std::string> deliver_films(const prun::Communicator& world,
                                       const std::vector<std::vector<std::string>>& films,
                                       const std::function<void(const std::string&)>& say) {
  const auto ranks = static_cast<std::size_t>(world.size());
  const auto me = static_cast<std::size_t>(world.rank());
  std::vector<std::string> hosts;
  std::set<std::string> names;
  for (std::size_t rank = 0; rank < ranks; ++rank) {
    hosts.push_back(world.host(static_cast<int>(rank)));
    names.insert(films[rank].begin(), films[rank].end());
  }
  std::vector<std::string> mine = films[me];
  for (const std::string& name : names) {
    if (name.find("://") != std::string::npos) continue;
    std::vector<bool> needs;
    for (const auto& of_rank : films) {
      needs.push_back(std::find(of_rank.begin(), of_rank.end(), name) != of_rank.end());
    }
    std::vector<std::int64_t> sizes(ranks);
    world.allgather(size_of(name), sizes);
    const std::vector<std::int64_t> found = sizes;
    // What was sent another time counts if it is as long as what is there now.
    const std::int64_t wanted = plan_delivery(found, needs, hosts).bytes;
    const bool kept = found[me] < 0 && wanted >= 0 && size_of(kept_film(name)) == wanted;
    world.allgather(kept ? wanted : found[me], sizes);
    Delivery delivery = plan_delivery(sizes, needs, hosts);
    delivery.from = plan_delivery(found, needs, hosts).from;

    const bool takes_part = delivery.from == world.rank() ||
                            std::count(delivery.to.begin(), delivery.to.end(), world.rank()) != 0;
    if (!delivery.to.empty()) {
      if (me == 0) {
        say(name + " goes from " + hosts[static_cast<std::size_t>(delivery.from)] + " to " +
            std::to_string(delivery.to.size()) + (delivery.to.size() == 1 ? " host" : " hosts"));
      }
      const prun::Communicator group =
          world.split(takes_part ? std::optional<int>(0) : std::nullopt,
                      delivery.from == world.rank() ? -1 : 0);
      int tenths_told = 0;
      const auto tell = [&](std::int64_t done) {
        const auto tenths = static_cast<int>(done * 10 / std::max<std::int64_t>(wanted, 1));
        if (tenths <= tenths_told || group.rank() != 0) return;
        tenths_told = tenths;
        say(name + ": " + std::to_string(10 * tenths) + " % sent");
      };
      if (takes_part) send_along(group, name, wanted, tell);
      world.barrier();
    }
    if (found[me] < 0 && delivery.from >= 0) {
      std::replace(mine.begin(), mine.end(), name, kept_film(name));
    }
  }
  return mine;
}

}  // namespace wall
