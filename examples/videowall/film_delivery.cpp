#include "film_delivery.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <ctime>
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
constexpr std::int64_t piece_bytes = std::int64_t{1} << 20;

// What tells one version of a film from another, without reading it all at each start.
struct Version {
  std::int64_t bytes = -1;   // -1: there is none that can be read
  std::int64_t changed = 0;  // seconds since 1970

  bool operator==(const Version&) const = default;
};

Version version_of(const std::string& file) {
  struct stat found {};
  if (stat(file.c_str(), &found) != 0 || !S_ISREG(found.st_mode)) return {};
  if (access(file.c_str(), R_OK) != 0) return {};
  return {found.st_size, found.st_mtime};
}

void set_changed(const std::string& file, std::int64_t seconds) {
  timespec times[2]{};
  times[0].tv_nsec = UTIME_OMIT;
  times[1].tv_sec = static_cast<std::time_t>(seconds);
  utimensat(AT_FDCWD, file.c_str(), times, 0);
}

[[noreturn]] void cannot(const char* what, const std::string& file) {
  throw std::runtime_error(std::string("cannot ") + what + ' ' + file + ": is the card full?");
}

// Collective over the rank that has it, which is 0 in `group`, and those that write it down.
void send_along(const prun::Communicator& group, const std::string& film, const Version& version,
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
  for (std::int64_t done = 0; done < version.bytes;) {
    piece.resize(static_cast<std::size_t>(std::min(piece_bytes, version.bytes - done)));
    if (!writes && !input.read(piece.data(), static_cast<std::streamsize>(piece.size()))) {
      cannot("read", film);
    }
    group.bcast(std::span<char>(piece), 0);
    if (writes && !output.write(piece.data(), static_cast<std::streamsize>(piece.size()))) {
      cannot("write", part);
    }
    done += static_cast<std::int64_t>(piece.size());
    on_progress(done);
  }
  if (!writes) return;
  output.close();
  if (!output) cannot("write", part);
  set_changed(part, version.changed);
  fs::rename(part, kept);  // whoever sees it sees all of it
}

}  // namespace

std::vector<int> receivers_of(const std::vector<std::int32_t>& have, const std::vector<bool>& needs,
                              const std::vector<std::string>& hosts) {
  std::vector<int> receivers;
  std::set<std::string> served;
  for (std::size_t rank = 0; rank < have.size(); ++rank) {
    if (needs[rank] && have[rank] == 0 && served.insert(hosts[rank]).second) {
      receivers.push_back(static_cast<int>(rank));
    }
  }
  return receivers;
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
    std::vector<Version> found(ranks);
    world.allgather(version_of(name), found);
    const auto source =
        std::find_if(found.begin(), found.end(), [](const Version& one) { return one.bytes >= 0; });
    if (source == found.end()) continue;
    // What was sent another time is as good, if it is the same.
    const bool has = found[me].bytes >= 0 || version_of(kept_film(name)) == *source;
    std::vector<std::int32_t> have(ranks);
    world.allgather(std::int32_t{has}, have);
    const auto from = static_cast<int>(source - found.begin());
    const std::vector<int> to = receivers_of(have, needs, hosts);

    const bool takes_part =
        from == world.rank() || std::count(to.begin(), to.end(), world.rank()) != 0;
    if (!to.empty()) {
      if (me == 0) {
        say(name + " goes from " + hosts[static_cast<std::size_t>(from)] + " to " +
            std::to_string(to.size()) + (to.size() == 1 ? " host" : " hosts"));
      }
      const prun::Communicator group = world.split(
          takes_part ? std::optional<int>(0) : std::nullopt, from == world.rank() ? -1 : 0);
      int tenths_told = 0;
      const auto tell = [&](std::int64_t done) {
        const auto tenths = static_cast<int>(done * 10 / source->bytes);
        if (tenths <= tenths_told || group.rank() != 0) return;
        tenths_told = tenths;
        say(name + ": " + std::to_string(10 * tenths) + " % sent");
      };
      if (takes_part) send_along(group, name, *source, tell);
      world.barrier();
    }
    if (found[me].bytes < 0) {
      std::replace(mine.begin(), mine.end(), name, kept_film(name));
    }
  }
  return mine;
}

}  // namespace wall
