#include "launcher/io/output_files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace prun::io {
namespace {

core::Failure failed(const std::string& path, int error) {
  return {Errc::resource, "cannot write " + path + ": " + std::generic_category().message(error)};
}

}  // namespace

OutputFiles::~OutputFiles() {
  for (const auto& [path, descriptor] : descriptors_) ::close(descriptor);
}

core::Status OutputFiles::open(std::uint32_t rank, Stream stream, const std::string& path) {
  lanes_[{rank, stream}].path = path;
  if (descriptors_.count(path) != 0) return core::Done{};
  std::error_code error;
  const auto folder = std::filesystem::path(path).parent_path();
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  if (error) return failed(path, error.value());
  const int descriptor =
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor < 0) return failed(path, errno);
  descriptors_[path] = descriptor;
  return core::Done{};
}

bool OutputFiles::has(std::uint32_t rank, Stream stream) const {
  return lanes_.count({rank, stream}) != 0;
}

core::Status OutputFiles::write(std::uint32_t rank, Stream stream, std::string_view bytes) {
  Lane& lane = lanes_.at({rank, stream});
  return write_to(lane.path, lane.splitter.feed(bytes));
}

core::Status OutputFiles::end(std::uint32_t rank, Stream stream) {
  const auto lane = lanes_.find({rank, stream});
  if (lane == lanes_.end()) return core::Done{};
  return write_to(lane->second.path, lane->second.splitter.take_rest());
}

core::Status OutputFiles::write_to(const std::string& path, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptors_.at(path), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed(path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return core::Done{};
}

}  // namespace prun::io
