#include "launcher/stage/offer.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "launcher/system/elf.hpp"

namespace prun::stage {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 7> system_folders{"/usr/", "/bin/",  "/sbin/", "/lib",
                                                         "/opt/", "/proc/", "/dev/"};
constexpr std::string_view own_folder_in_usr = "/usr/local/";

// By the beginning of their names: python3.11, perl5.
constexpr std::array<std::string_view, 15> interpreters{
    "python", "pypy", "perl", "ruby",   "node",  "lua",   "php", "Rscript",
    "julia",  "bash", "dash", "octave", "tclsh", "guile", "sh"};

bool is_systems(const std::string& path) {
  if (path.starts_with(own_folder_in_usr)) return false;
  return std::any_of(system_folders.begin(), system_folders.end(),
                     [&](std::string_view folder) { return path.starts_with(folder); });
}

std::string absolute(const std::string& name, const std::string& directory) {
  return (fs::path(directory) / name).lexically_normal().string();
}

bool is_file(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

bool is_interpreter(const std::string& word) {
  const std::string name = fs::path(word).filename().string();
  return std::any_of(interpreters.begin(), interpreters.end(), [&](std::string_view one) {
    // What follows may be a version, no other word: "shuffle" is no shell.
    return name.starts_with(one) &&
           name.find_first_not_of("0123456789.", one.size()) == std::string::npos;
  });
}

// Gathers files; one path is one file, and no two share a name in the run's folder.
class Gatherer {
 public:
  explicit Gatherer(StageOffer& offer) : offer_(offer) {}

  // The index, or errno.
  std::pair<std::uint32_t, int> add(const std::string& typed, const std::string& path,
                                    bool asked_for) {
    for (std::uint32_t i = 0; i < offer_.files.size(); ++i) {
      if (offer_.files[i].path != path) continue;
      offer_.files[i].asked_for |= asked_for;
      return {i, 0};
    }
    OfferedFile file;
    file.path = path;
    const auto content = hash_file(path);
    if (!content) return {0, errno};
    file.content = *content;
    file.target = system::elf_target(path);
    file.executable = ::access(path.c_str(), X_OK) == 0;
    file.asked_for = asked_for;
    const std::string below = fs::path(typed).lexically_normal().string();
    file.name = is_name_below(below) ? below : fs::path(path).filename().string();
    for (unsigned number = 2; is_taken(file.name); ++number)
      file.name = std::to_string(number) + "/" + fs::path(path).filename().string();
    offer_.files.push_back(std::move(file));
    return {static_cast<std::uint32_t>(offer_.files.size() - 1), 0};
  }

 private:
  bool is_taken(const std::string& name) const {
    return std::any_of(offer_.files.begin(), offer_.files.end(),
                       [&](const OfferedFile& file) { return file.name == name; });
  }

  StageOffer& offer_;
};

}  // namespace

std::size_t script_word(const std::vector<std::string>& words, const std::string& directory) {
  if (words.empty() || !is_interpreter(words.front())) return 0;
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (words[i] == "-c" || words[i] == "-m" || words[i] == "-e") return 0;
    const std::string path = absolute(words[i], directory);
    if (!words[i].starts_with('-') && is_file(path)) return is_systems(path) ? 0 : i;
    // No file: an option's value, if an option is what stands before it.
    if (!words[i].starts_with('-') && !words[i - 1].starts_with('-')) return 0;
  }
  return 0;
}

core::Result<StageOffer> make_offer(const std::vector<Command>& commands,
                                    const std::vector<std::string>& asked_for,
                                    const std::string& directory, Mode mode) {
  StageOffer offer;
  Gatherer gather(offer);
  for (const auto& name : asked_for) {
    const std::string path = absolute(name, directory);
    const int error = is_file(path)            ? gather.add(name, path, true).second
                      : fs::is_directory(path) ? EISDIR
                                               : ENOENT;
    if (error != 0) {
      return core::Failure{Errc::invalid_argument, "--stage: cannot read " + name + ": " +
                                                       std::generic_category().message(error)};
    }
  }
  if (mode == Mode::off) return offer;
  offer.always = mode == Mode::always;
  const auto use = [&](std::size_t program, std::size_t word, const std::string& name) {
    const Command& command = commands[program];
    const std::string path = absolute(name, command.directory);
    const bool is_own = command.is_own && word == 0;
    if (!is_file(path) || (is_systems(path) && !is_own)) return;
    const auto [file, error] = gather.add(name, path, false);
    // One that cannot be read is looked for on the hosts; what they say of it is what counts.
    if (error != 0) return;
    offer.uses.push_back(
        {static_cast<std::uint32_t>(program), static_cast<std::uint32_t>(word), file});
  };
  for (std::size_t program = 0; program < commands.size(); ++program) {
    const auto& words = commands[program].words;
    for (const auto& name : commands[program].files_by_processor) {
      if (name.find('/') != std::string::npos) use(program, 0, name);
    }
    if (commands[program].files_by_processor.empty() &&
        words.front().find('/') != std::string::npos)
      use(program, 0, words.front());
    if (const std::size_t word = script_word(words, commands[program].directory); word > 0)
      use(program, word, words[word]);
  }
  return offer;
}

void choose_program(StageOffer& offer, std::uint32_t program, const std::string& name,
                    const std::string& directory) {
  const std::string path = absolute(name, directory);
  std::erase_if(offer.uses, [&](const FileUse& use) {
    return use.program == program && use.word == 0 && offer.files[use.file].path != path;
  });
}

}  // namespace prun::stage
