#include "launcher/agent/arrival.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <system_error>

#include "launcher/agent/descriptor.hpp"
#include "launcher/stage/content_hash.hpp"

namespace prun::agent {
namespace {

namespace fs = std::filesystem;

// An agent that nobody has started for so long belongs to a prun that is not used any more, and
// what is half written for so long was given up.
constexpr std::time_t forgotten_seconds = std::time_t{90} * 24 * 3600;
constexpr std::time_t given_up_seconds = 3600;

// On disk before it has its name: boards lose their power, and must not find an empty agent after.
bool write_through(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  return file && ::fsync(file.get()) == 0;
}

void remove_forgotten(const fs::path& folder) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    struct stat info {};
    if (::lstat(entry.path().c_str(), &info) != 0 || !S_ISREG(info.st_mode)) continue;
    const std::time_t age = std::time(nullptr) - std::max(info.st_mtime, info.st_atime);
    if ((name.starts_with("agent-") && age > forgotten_seconds) ||
        (name.starts_with(".new-") && age > given_up_seconds)) {
      ::unlink(entry.path().c_str());
    }
  }
}

}  // namespace

core::Status settle(const std::string& hash, const std::string& target) {
  std::error_code error;
  const fs::path here = fs::read_symlink("/proc/self/exe", error);
  if (error) return core::Failure{Errc::resource, "cannot find itself: " + error.message()};
  const auto wanted = stage::from_hex(hash);
  const auto content = stage::hash_file("/proc/self/exe");
  if (!wanted || !content || content->hash != *wanted) {
    ::unlink(here.c_str());
    return core::Failure{Errc::bad_data, "it is not what was sent"};
  }
  if (target.empty()) {
    ::unlink(here.c_str());
    ::rmdir(here.parent_path().c_str());
    return core::Done{};
  }
  if (!write_through(here) || ::rename(here.c_str(), target.c_str()) != 0) {
    const int cause = errno;
    ::unlink(here.c_str());
    return core::Failure{Errc::resource, "cannot be kept as " + target + ": " +
                                             std::generic_category().message(cause)};
  }
  remove_forgotten(fs::path(target).parent_path());
  return core::Done{};
}

}  // namespace prun::agent
