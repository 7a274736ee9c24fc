#include "launcher/system/files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "launcher/system/descriptor.hpp"

namespace prun::system {
namespace {

ssize_t read_some(int file, char* to, std::size_t size) {
  ssize_t got = 0;
  while ((got = ::read(file, to, size)) < 0 && errno == EINTR) {
  }
  return got;
}

bool write_all(int file, const char* from, std::size_t size) {
  while (size > 0) {
    const ssize_t put = ::write(file, from, size);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return false;
    from += put;
    size -= static_cast<std::size_t>(put);
  }
  return true;
}

}  // namespace

std::string read_file(const std::string& path, std::size_t most) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string bytes;
  if (!file) return bytes;
  std::array<char, 4096> buffer{};
  while (bytes.size() < most) {
    const ssize_t got =
        read_some(file.get(), buffer.data(), std::min(buffer.size(), most - bytes.size()));
    if (got <= 0) break;
    bytes.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return bytes;
}

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(folder.c_str()), ::closedir);
  if (!open) return names;
  while (const dirent* entry = ::readdir(open.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  return names;
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

std::string name_of(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

bool is_guarded(const std::string& folder) {
  const std::unique_ptr<char, decltype(&::free)> real(::realpath(folder.c_str(), nullptr), ::free);
  if (!real) return false;
  struct stat root {};
  if (::stat("/", &root) != 0) return false;
  // The owner of / is the system's user, also where a container calls him by another number.
  const auto of_system = [&](const struct stat& info) {
    return info.st_uid == root.st_uid || info.st_uid == 0;
  };
  const std::string path = std::string(real.get()) + "/";
  for (std::size_t slash = path.find('/'); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    struct stat info {};
    if (::lstat(path.substr(0, slash + 1).c_str(), &info) != 0 || !S_ISDIR(info.st_mode))
      return false;
    if (!of_system(info) && info.st_uid != ::geteuid()) return false;
    if ((info.st_mode & S_IWOTH) != 0 && ((info.st_mode & S_ISVTX) == 0 || !of_system(info)))
      return false;
  }
  return true;
}

bool make_private_folder(const std::string& folder) {
  for (std::size_t slash = folder.find('/', 1); slash != std::string::npos;
       slash = folder.find('/', slash + 1)) {
    ::mkdir(folder.substr(0, slash).c_str(), 0700);
  }
  if (::mkdir(folder.c_str(), 0700) == 0) return true;
  struct stat info {};
  return errno == EEXIST && ::lstat(folder.c_str(), &info) == 0 && S_ISDIR(info.st_mode) &&
         info.st_uid == ::geteuid() && (info.st_mode & 077) == 0;
}

int copy_file(const std::string& from, const std::string& to) {
  const Descriptor in(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info {};
  if (!in || ::fstat(in.get(), &info) != 0) return errno;
  const Descriptor out(
      ::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, info.st_mode & 0777));
  if (!out) return errno;
  std::array<char, 16 * 1024> buffer{};
  for (;;) {
    const ssize_t got = read_some(in.get(), buffer.data(), buffer.size());
    if (got == 0) return 0;
    if (got < 0 || !write_all(out.get(), buffer.data(), static_cast<std::size_t>(got))) {
      const int error = errno;
      ::unlink(to.c_str());
      return error;
    }
  }
}

void remove_with_files(const std::string& folder) {
  for (const auto& name : names_in(folder)) ::unlink((folder + "/" + name).c_str());
  ::rmdir(folder.c_str());
}

}  // namespace prun::system
