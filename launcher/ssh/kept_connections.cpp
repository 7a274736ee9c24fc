#include "launcher/ssh/kept_connections.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>

#include "launcher/hosts/host_words.hpp"
#include "launcher/ssh/child_process.hpp"
#include "launcher/stage/content_hash.hpp"
#include "launcher/stage/store.hpp"
#include "launcher/system/descriptor.hpp"
#include "launcher/system/environment.hpp"
#include "launcher/system/files.hpp"
#include "runtime/security/random.hpp"

namespace prun::ssh {
namespace {

namespace fs = std::filesystem;

constexpr int kept_seconds = 300;
constexpr std::size_t name_digits = 16;
// A master binds a name with 17 more letters first and gives it the right one then.
constexpr std::size_t longest_socket = sizeof(sockaddr_un::sun_path) - 18;

constexpr std::string_view configuration_suffix = ".conf";
constexpr std::string_view socket_suffix = ".ssh";
constexpr std::string_view host_mark = "# to ";  // first line of a configuration

bool is_folder(const std::string& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

// ssh reads " and % and ${ in its own way.
bool is_plain(const std::string& path) {
  return path.find_first_of("\"%$\n") == std::string::npos;
}

bool speaks_of_masters(const std::string& argument) {
  if (argument.starts_with("-F") || argument.starts_with("-S") || argument.starts_with("-M"))
    return true;
  std::string lower = argument;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return lower.find("control") != std::string::npos;
}

// The first value of an option counts in ssh, so the user's own files come first.
std::string configuration_for(const hosts::Host& host, const std::string& socket) {
  return fmt::format(
      "{}{}\n"
      "# Made by prun, which keeps connections for the next run; `prun hosts --close` ends them.\n"
      "Include ~/.ssh/config\n"
      "Include /etc/ssh/ssh_config\n"
      "Match all\n"
      "  ControlMaster auto\n"
      "  ControlPath \"{}\"\n"
      "  ControlPersist {}\n",
      host_mark, hosts::name_of(host), socket, kept_seconds);
}

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool put(int file, const std::string& text) {
  return ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

// Another prun may be reading it, and this one may be killed at any moment: it has no name before it is
// whole. Where the file system cannot do that, or an older one has to give way, it has another name first.
bool write_whole(const std::string& folder, const std::string& path, const std::string& text) {
  const system::Descriptor nameless(::open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600));
  if (nameless && put(nameless.get(), text)) {
    const auto link = fmt::format("/proc/self/fd/{}", nameless.get());
    if (::linkat(AT_FDCWD, link.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) == 0)
      return true;
  }
  const std::string fresh = fmt::format("{}.{:x}", path, security::random_u64());
  const system::Descriptor file(
      ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (file && put(file.get(), text) && ::rename(fresh.c_str(), path.c_str()) == 0) return true;
  ::unlink(fresh.c_str());
  return false;
}

// Where connections may be kept, first the better one; either may be empty.
struct Folders {
  std::string runtime;
  std::string cache;  // in prun's cache folder, which holds more
};

Folders folders_for(const std::vector<std::string>& environment) {
  Folders folders;
  if (const char* const runtime = system::find_variable(environment, "XDG_RUNTIME_DIR");
      runtime != nullptr && *runtime == '/' && is_folder(runtime)) {
    folders.runtime = std::string(runtime) + "/prun";
  }
  if (const std::string cache = stage::cache_folder(environment); !cache.empty())
    folders.cache = cache + "/ssh";
  return folders;
}

// True if there is a master at the socket and it has heard.
bool tell_master(const std::string& socket, const std::string& word) {
  const auto child =
      start_child({"ssh", "-F", "none", "-o", "ControlPath=" + socket, "-O", word, "prun"}, SIGKILL,
                  std::nullopt);
  if (!child.ok()) return false;
  int status = 0;
  while (::waitpid(child.value().pid, &status, 0) < 0) {
    if (errno != EINTR) return false;
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void add_living_in(const std::string& folder, std::vector<std::string>& hosts) {
  for (const auto& name : system::names_in(folder)) {
    const std::string socket = folder + "/" + name;
    if (!name.ends_with(socket_suffix) || !tell_master(socket, "check")) continue;
    const std::string stem = socket.substr(0, socket.size() - socket_suffix.size());
    const std::string text = content_of(stem + std::string(configuration_suffix));
    hosts.push_back(text.starts_with(host_mark)
                        ? text.substr(host_mark.size(), text.find('\n') - host_mark.size())
                        : socket);
  }
}

// Also what was cut off before it had its right name: ours, and ssh's.
bool is_of_a_connection(std::string_view name) {
  if (name.size() < name_digits) return false;
  const std::string_view behind = name.substr(name_digits);
  return behind.starts_with(socket_suffix) || behind.starts_with(configuration_suffix);
}

void close_all_in(const std::string& folder) {
  for (const auto& name : system::names_in(folder)) {
    const std::string path = folder + "/" + name;
    if (name.ends_with(socket_suffix)) tell_master(path, "exit");
    if (is_of_a_connection(name)) ::unlink(path.c_str());
  }
  ::rmdir(folder.c_str());
}

}  // namespace

KeptConnections KeptConnections::open(const std::vector<std::string>& environment) {
  const auto serves = [](const std::string& folder) {
    return is_plain(folder) &&
           folder.size() + 1 + name_digits + socket_suffix.size() <= longest_socket &&
           system::make_private_folder(folder);
  };
  const Folders folders = folders_for(environment);
  if (!folders.runtime.empty() && serves(folders.runtime)) return KeptConnections(folders.runtime);
  if (!folders.cache.empty() && system::make_private_folder(system::folder_of(folders.cache)) &&
      serves(folders.cache)) {
    return KeptConnections(folders.cache);
  }
  return {};
}

std::optional<KeptConnection> KeptConnections::prepare(const hosts::Host& host,
                                                       const std::string& program,
                                                       const std::vector<std::string>& arguments,
                                                       std::chrono::seconds alive_interval) const {
  if (folder_.empty() || fs::path(program).filename() != "ssh" ||
      std::any_of(arguments.begin(), arguments.end(), speaks_of_masters)) {
    return std::nullopt;
  }
  std::string all = fmt::format("{}\n{}\n{}\n{}\n{}", host.user, host.name, host.port, program,
                                alive_interval.count());
  for (const auto& argument : arguments) all += "\n" + argument;
  stage::Hasher hasher;
  hasher.add(std::as_bytes(std::span(all.data(), all.size())));
  const std::string stem = folder_ + "/" + stage::to_hex(hasher.finish()).substr(0, name_digits);
  KeptConnection kept{stem + std::string(configuration_suffix), stem + std::string(socket_suffix)};
  const std::string text = configuration_for(host, kept.socket);
  if (content_of(kept.configuration) != text && !write_whole(folder_, kept.configuration, text))
    return std::nullopt;
  return kept;
}

std::vector<std::string> KeptConnections::living(const std::vector<std::string>& environment) {
  std::vector<std::string> hosts;
  const Folders folders = folders_for(environment);
  if (!folders.runtime.empty()) add_living_in(folders.runtime, hosts);
  if (!folders.cache.empty()) add_living_in(folders.cache, hosts);
  std::sort(hosts.begin(), hosts.end());
  return hosts;
}

void KeptConnections::close_all(const std::vector<std::string>& environment) {
  const Folders folders = folders_for(environment);
  if (!folders.runtime.empty()) close_all_in(folders.runtime);
  if (!folders.cache.empty()) close_all_in(folders.cache);
}

}  // namespace prun::ssh
