#include "launcher/stage/store.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <system_error>

#include "launcher/system/environment.hpp"
#include "launcher/system/files.hpp"
#include "runtime/security/random.hpp"

namespace prun::stage {
namespace {

using system::make_private_folder;

constexpr std::time_t untouched = 946684800;  // 1 January 2000: no file of today has it by itself
constexpr std::uint64_t spare_bytes = 1 << 20;
constexpr std::time_t given_up_seconds = 24 * 3600;
constexpr std::uint64_t write_out_bytes = 4 << 20;

core::Failure failed(const std::string& what, int error) {
  return {Errc::resource, what + ": " + std::generic_category().message(error)};
}

std::string kept_path(const std::string& folder, const FileContent& content, bool executable) {
  return folder + "/files/" + to_hex(content.hash) + (executable ? ".x" : "");
}

bool is_kept(const std::string& path, std::uint64_t bytes) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) &&
         info.st_mtim.tv_sec == untouched && info.st_uid == ::geteuid() &&
         static_cast<std::uint64_t>(info.st_size) == bytes;
}

void set_times(int file) {
  const timespec times[] = {{0, UTIME_NOW}, {untouched, 0}};
  ::futimens(file, times);
}

void mark_used(const std::string& path) {
  const timespec times[] = {{0, UTIME_NOW}, {0, UTIME_OMIT}};
  ::utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW);
}

bool may_execute_in(const std::string& folder) {
  struct statvfs info {};
  return ::statvfs(folder.c_str(), &info) == 0 && (info.f_flag & ST_NOEXEC) == 0;
}

bool has_room(const std::string& folder, std::uint64_t bytes) {
  struct statvfs info {};
  return ::statvfs(folder.c_str(), &info) == 0 &&
         std::uint64_t{info.f_bavail} * info.f_frsize >= bytes + spare_bytes;
}

bool is_usable(const std::string& folder, std::uint64_t bytes) {
  return make_private_folder(folder) && system::is_guarded(folder) &&
         make_private_folder(folder + "/files") && make_private_folder(folder + "/runs") &&
         ::access((folder + "/files").c_str(), W_OK) == 0 && may_execute_in(folder) &&
         (bytes == 0 || has_room(folder, bytes));
}

// Runs that were cut off have left their names behind; with nothing else in it such a folder goes.
void remove_given_up_runs(const std::string& folder) {
  for (const auto& name : system::names_in(folder + "/runs")) {
    const std::string run = folder + "/runs/" + name;
    struct stat info {};
    if (::lstat(run.c_str(), &info) != 0 || !S_ISDIR(info.st_mode) ||
        std::time(nullptr) - info.st_mtime < given_up_seconds) {
      continue;
    }
    for (const auto& shown : system::names_in(run)) {
      const std::string path = run + "/" + shown;
      if (::lstat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) &&
          info.st_mtim.tv_sec == untouched) {
        ::unlink(path.c_str());
      }
    }
    ::rmdir(run.c_str());
  }
}

// That nobody knows before, so that nothing of somebody else's is ever taken for ours.
std::string fresh_name() {
  std::array<char, 20> name{};
  std::snprintf(name.data(), name.size(), "%016" PRIx64, security::random_u64());
  return name.data();
}

// What ranks have written there is theirs, and keeps it.
void remove_temporary(const std::string& folder) {
  system::remove_with_files(folder + "/files");
  ::rmdir((folder + "/runs").c_str());
  ::rmdir(folder.c_str());
}

}  // namespace

std::string cache_folder(const std::vector<std::string>& environment) {
  const char* const cache = system::find_variable(environment, "XDG_CACHE_HOME");
  if (cache != nullptr && *cache == '/') return std::string(cache) + "/prun";
  const char* const home = system::find_variable(environment, "HOME");
  return home != nullptr && *home == '/' ? std::string(home) + "/.cache/prun" : std::string();
}

std::string cache_fault(const std::vector<std::string>& environment) {
  const std::string folder = cache_folder(environment);
  struct stat info {};
  if (folder.empty() || ::lstat(folder.c_str(), &info) != 0) return {};
  if (!S_ISDIR(info.st_mode) || info.st_uid != ::geteuid())
    return folder + " is no folder of this user's, so what is sent is not kept";
  if ((info.st_mode & 077) == 0) {
    if (system::is_guarded(folder)) return {};
    return "others can put a folder of theirs in the place of " + folder +
           ", so what is sent is not kept";
  }
  return folder + " is open to others, so what is sent is not kept (chmod 700 " + folder + ")";
}

Store::Store(std::string folder, std::string run, bool temporary, system::Leftovers& leftovers)
    : folder_(std::move(folder)),
      run_folder_(folder_ + "/runs/" + std::move(run)),
      temporary_(temporary),
      leftovers_(leftovers) {}

void Store::drop(const std::string& path) {
  if (::unlink(path.c_str()) != 0) ::rmdir(path.c_str());
  leftovers_.forget(path);
}

core::Result<std::unique_ptr<Store>> Store::open(const std::vector<std::string>& environment,
                                                 const std::string& run, std::uint64_t needed_bytes,
                                                 system::Leftovers& leftovers) {
  std::string tried;
  const std::string cache = cache_folder(environment);
  if (!cache.empty()) {
    if (is_usable(cache, needed_bytes)) {
      std::unique_ptr<Store> store(new Store(cache, run, false, leftovers));
      remove_given_up_runs(cache);
      return store;
    }
    tried = cache;
  }
  const char* const temporary = system::find_variable(environment, "TMPDIR");
  for (const std::string parent :
       {temporary != nullptr ? temporary : "/tmp", "/dev/shm", "/var/tmp"}) {
    tried += (tried.empty() ? "" : ", ") + parent;
    const std::string folder = parent + "/prun-" + fresh_name();
    for (const char* part : {"", "/files", "/runs"}) leftovers.add(folder + part);
    const bool made = system::is_guarded(parent) && ::mkdir(folder.c_str(), 0700) == 0;
    if (made && is_usable(folder, needed_bytes)) {
      return std::unique_ptr<Store>(new Store(folder, run, true, leftovers));
    }
    if (made) remove_temporary(folder);
    for (const char* part : {"", "/files", "/runs"}) leftovers.forget(folder + part);
  }
  return core::Failure{Errc::resource, "no folder there can take " +
                                           std::to_string(needed_bytes / 1000 + 1) +
                                           " kB: full, read-only or without leave to execute (" +
                                           tried + "); see there: df -h"};
}

Store::~Store() {
  if (incoming_) drop(incoming_->path);
  for (auto path = shown_.rbegin(); path != shown_.rend(); ++path) drop(*path);
  drop(run_folder_);
  if (!temporary_) return;
  remove_temporary(folder_);
  for (const char* part : {"", "/files", "/runs"}) leftovers_.forget(folder_ + part);
}

bool Store::has(const std::vector<std::string>& environment, const FileContent& content,
                bool executable) {
  const std::string cache = cache_folder(environment);
  return !cache.empty() && is_kept(kept_path(cache, content, executable), content.bytes);
}

bool Store::has(const FileContent& content, bool executable) const {
  return is_kept(kept_path(folder_, content, executable), content.bytes);
}

core::Status Store::begin(const FileContent& content, bool executable) {
  if (incoming_) drop(incoming_->path);
  incoming_ = std::make_unique<Incoming>();
  incoming_->content = content;
  incoming_->executable = executable;
  incoming_->target = kept_path(folder_, content, executable);
  incoming_->path = folder_ + "/files/.new-" + fresh_name();
  leftovers_.add(incoming_->path);
  incoming_->file.reset(
      ::open(incoming_->path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!incoming_->file) return failed("cannot write in " + folder_ + "/files", errno);
  return core::Done{};
}

core::Status Store::add(std::span<const std::byte> bytes) {
  incoming_->hasher.add(bytes);
  const std::uint64_t before = incoming_->bytes;
  incoming_->bytes += bytes.size();
  while (!bytes.empty()) {
    const ssize_t put = ::write(incoming_->file.get(), bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return failed("cannot write in " + folder_ + "/files", errno);
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
  // Cards are slow: what has come goes there while the rest is on its way, not all at the end.
  if (before / write_out_bytes != incoming_->bytes / write_out_bytes)
    ::sync_file_range(incoming_->file.get(), 0, 0, SYNC_FILE_RANGE_WRITE);
  return core::Done{};
}

core::Result<std::size_t> Store::read(const FileContent& content, bool executable,
                                      std::uint64_t position, std::span<std::byte> to) const {
  system::Descriptor kept;
  const bool coming =
      incoming_ && incoming_->content == content && incoming_->executable == executable;
  if (!coming)
    kept.reset(::open(kept_path(folder_, content, executable).c_str(), O_RDONLY | O_CLOEXEC));
  const int file = coming ? incoming_->file.get() : kept.get();
  ssize_t got = 0;
  while ((got = ::pread(file, to.data(), to.size(), static_cast<off_t>(position))) < 0 &&
         errno == EINTR) {
  }
  if (got < 0) return failed("cannot read in " + folder_ + "/files", errno);
  return static_cast<std::size_t>(got);
}

core::Status Store::finish() {
  const auto incoming = std::move(incoming_);
  const auto give_up = [&](const core::Failure& why) {
    drop(incoming->path);
    return why;
  };
  if (incoming->bytes != incoming->content.bytes ||
      incoming->hasher.finish() != incoming->content.hash) {
    return give_up({Errc::bad_data, "it has changed while it was sent"});
  }
  // On disk before it has its name: boards lose their power.
  if (::fchmod(incoming->file.get(), incoming->executable ? 0500 : 0400) != 0 ||
      ::fsync(incoming->file.get()) != 0) {
    return give_up(failed("cannot keep it in " + folder_ + "/files", errno));
  }
  set_times(incoming->file.get());
  if (temporary_) leftovers_.add(incoming->target);
  if (::rename(incoming->path.c_str(), incoming->target.c_str()) != 0)
    return give_up(failed("cannot keep it in " + folder_ + "/files", errno));
  leftovers_.forget(incoming->path);
  return core::Done{};
}

core::Result<std::string> Store::show(const FileContent& content, bool executable,
                                      const std::string& name) {
  if (shown_.empty()) {
    leftovers_.add(run_folder_);
    if (::mkdir(run_folder_.c_str(), 0700) != 0 && errno != EEXIST)
      return failed("cannot make " + run_folder_, errno);
  }
  for (std::size_t slash = name.find('/'); slash != std::string::npos;
       slash = name.find('/', slash + 1)) {
    const std::string folder = run_folder_ + "/" + name.substr(0, slash);
    if (::mkdir(folder.c_str(), 0700) != 0) continue;
    leftovers_.add(folder);
    shown_.push_back(folder);
  }
  std::string path = run_folder_ + "/" + name;
  const std::string kept = kept_path(folder_, content, executable);
  mark_used(kept);
  leftovers_.add(path);
  if (::link(kept.c_str(), path.c_str()) != 0) {
    // A file system without links: a copy.
    if (const int error = system::copy_file(kept, path))
      return failed("cannot make " + path, error);
  }
  shown_.push_back(path);
  return path;
}

void Store::evict(std::uint64_t limit) const {
  struct Kept {
    std::string path;
    std::uint64_t bytes;
    timespec used;
  };
  std::vector<Kept> kept;
  std::uint64_t sum = 0;
  for (const auto& name : system::names_in(folder_ + "/files")) {
    std::string path = folder_ + "/files/" + name;
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) continue;
    const bool half_written = name.starts_with(".new-");
    if (half_written && std::time(nullptr) - info.st_mtime < given_up_seconds) continue;
    kept.push_back({std::move(path), static_cast<std::uint64_t>(info.st_size),
                    half_written ? timespec{} : info.st_atim});
    sum += kept.back().bytes;
  }
  std::sort(kept.begin(), kept.end(), [](const Kept& a, const Kept& b) {
    return std::pair(a.used.tv_sec, a.used.tv_nsec) < std::pair(b.used.tv_sec, b.used.tv_nsec);
  });
  for (const auto& file : kept) {
    if (sum <= limit) break;
    if (::unlink(file.path.c_str()) == 0) sum -= file.bytes;
  }
}

}  // namespace prun::stage
