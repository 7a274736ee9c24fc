// Feeds a target with files instead of a fuzzer: seeds, and what has crashed it before. For builds by
// any compiler.
//
// usage: fuzz_replay TARGET FILE|FOLDER...

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/fuzz/targets.hpp"

namespace {

namespace fs = std::filesystem;
using Target = void (*)(prun::fuzz::Bytes);

constexpr std::pair<std::string_view, Target> targets[] = {
    {"data_frame", prun::fuzz::data_frame},         {"handshake", prun::fuzz::handshake},
    {"connection", prun::fuzz::connection},         {"shared_memory", prun::fuzz::shared_memory},
    {"lz4_block", prun::fuzz::lz4_block},           {"control_frame", prun::fuzz::control_frame},
    {"stage_messages", prun::fuzz::stage_messages}, {"serialized", prun::fuzz::serialized},
    {"host_list", prun::fuzz::host_list},           {"hostfile", prun::fuzz::hostfile},
    {"login_reply", prun::fuzz::login_reply},       {"settings", prun::fuzz::settings},
};

// A folder that is not there, or holds nothing, is a fault: somebody has lost the inputs.
std::vector<fs::path> inputs_in(const fs::path& place) {
  if (!fs::is_directory(place)) return {place};
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(place)) files.push_back(entry.path());
  if (files.empty())
    throw fs::filesystem_error("no input", place,
                               std::make_error_code(std::errc::no_such_file_or_directory));
  std::sort(files.begin(), files.end());
  return files;
}

void feed(Target target, const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(in), {}};
  if (in.bad() || !in.is_open())
    throw fs::filesystem_error("not readable", file,
                               std::make_error_code(std::errc::no_such_file_or_directory));
  std::printf("%s, %zu bytes\n", file.c_str(), bytes.size());
  std::fflush(stdout);  // the last one named is the one that crashed
  target(std::as_bytes(std::span(bytes)));
}

}  // namespace

int main(int argc, char** argv) {
  const std::span words(argv, static_cast<std::size_t>(argc));
  const auto* const found =
      std::find_if(std::begin(targets), std::end(targets),
                   [&](const auto& target) { return argc > 2 && target.first == words[1]; });
  if (found == std::end(targets)) {
    std::fprintf(stderr, "usage: fuzz_replay TARGET FILE|FOLDER...; the targets are:\n");
    for (const auto& [name, target] : targets) std::fprintf(stderr, "  %s\n", name.data());
    return 64;
  }
  try {
    for (const char* place : words.subspan(2)) {
      for (const fs::path& file : inputs_in(place)) feed(found->second, file);
    }
  } catch (const std::exception& cause) {
    std::fprintf(stderr, "fuzz_replay: %s\n", cause.what());
    return 1;
  }
  return 0;
}
