#include "launcher/agent/arrival.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <ctime>
#include <system_error>

#include "launcher/stage/content_hash.hpp"
#include "launcher/system/descriptor.hpp"
#include "launcher/system/files.hpp"

namespace prun::agent {
namespace {

// An agent that nobody has started for so long belongs to a prun that is not used any more, and
// what is half written for so long was given up.
constexpr std::time_t forgotten_seconds = std::time_t{90} * 24 * 3600;
constexpr std::time_t given_up_seconds = 3600;

// On disk before it has its name: boards lose their power, and must not find an empty agent after.
bool write_through(const std::string& path) {
  const system::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  return file && ::fsync(file.get()) == 0;
}

void remove_forgotten(const std::string& folder) {
  for (const auto& name : system::names_in(folder)) {
    const std::string path = folder + "/" + name;
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) continue;
    const std::time_t age = std::time(nullptr) - std::max(info.st_mtime, info.st_atime);
    if ((name.starts_with("agent-") && age > forgotten_seconds) ||
        (name.starts_with(".new-") && age > given_up_seconds)) {
      ::unlink(path.c_str());
    }
  }
}

std::string own_path() {
  std::string path(PATH_MAX, '\0');
  const ssize_t length = ::readlink("/proc/self/exe", path.data(), path.size());
  path.resize(length < 0 ? 0 : static_cast<std::size_t>(length));
  return path;
}

}  // namespace

void note_arrival(const std::string& target, system::Leftovers& leftovers) {
  const std::string here = own_path();
  if (here.empty()) return;
  if (target.empty()) leftovers.add(system::folder_of(here));
  leftovers.add(here);
}

core::Status settle(const std::string& hash, const std::string& target) {
  const std::string here = own_path();
  if (here.empty()) {
    return core::Failure{Errc::resource,
                         "cannot find itself: " + std::generic_category().message(errno)};
  }
  const bool alone = target.empty();  // in a folder that was made for it
  const auto wanted = stage::from_hex(hash);
  const auto content = stage::hash_file("/proc/self/exe");
  const bool is_right = wanted && content && content->hash == *wanted;
  if (alone || !is_right) ::unlink(here.c_str());
  if (alone) ::rmdir(system::folder_of(here).c_str());
  if (!is_right) return core::Failure{Errc::bad_data, "it is not what was sent"};
  if (alone) return core::Done{};
  if (!write_through(here) || ::rename(here.c_str(), target.c_str()) != 0) {
    const int cause = errno;
    ::unlink(here.c_str());
    return core::Failure{Errc::resource, "cannot be kept as " + target + ": " +
                                             std::generic_category().message(cause)};
  }
  remove_forgotten(system::folder_of(target));
  return core::Done{};
}

}  // namespace prun::agent
