#include "launcher/ssh/ssh_command.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace prun::ssh {
namespace {

// The second line behind job/host_watch.hpp, and all there is with --node-timeout 0: ssh gives up a host
// when one more question than so many would be due. Any traffic counts as life.
constexpr int alive_count = 4;
constexpr std::chrono::seconds default_alive_interval{4};

// Low delay, as for a login by hand. ssh's own choice for what is no terminal is the lowest class there
// is: behind all bulk of the data plane in queues that know classes, and of Wi-Fi.
constexpr const char* quality_of_service = "IPQoS=0x10";

std::string target(const hosts::Host& host) {
  return host.user.empty() ? host.name : host.user + "@" + host.name;
}

}  // namespace

std::chrono::seconds alive_interval_for(
    const std::optional<std::chrono::milliseconds>& node_timeout) {
  if (!node_timeout) return default_alive_interval;
  return std::max(std::chrono::seconds(1),
                  std::chrono::ceil<std::chrono::seconds>(*node_timeout / 2));
}

std::vector<std::string> ssh_command(const hosts::Host& host, const SshOptions& options,
                                     const std::string& command) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(options.connect_timeout).count();
  std::vector<std::string> words{options.program, "-T", "-x", "-a"};
  const auto option = [&words](const std::string& text) {
    words.push_back("-o");
    words.push_back(text);
  };
  if (options.kept) {
    words.push_back("-F");
    words.push_back(options.kept->configuration);
  }
  option("BatchMode=yes");
  // Of two values for one option ssh takes the first: what the user gives stands before what we
  // only propose.
  words.insert(words.end(), options.arguments.begin(), options.arguments.end());
  option(fmt::format("ConnectTimeout={}", std::max<long long>(1, seconds)));
  option("GSSAPIAuthentication=no");
  option(fmt::format("ServerAliveInterval={}", options.alive_interval.count()));
  option(fmt::format("ServerAliveCountMax={}", alive_count));
  option(quality_of_service);
  if (!options.kept) option("ControlMaster=no");
  if (options.avoids_masters) option("ControlPath=none");
  option("ClearAllForwardings=yes");
  option("EscapeChar=none");
  option(
      "LogLevel=INFO");  // every cause of a failure, also where the user's configuration is QUIET
  if (host.port != 0) {
    words.push_back("-p");
    words.push_back(std::to_string(host.port));
  }
  words.push_back(target(host));
  words.push_back("--");
  words.push_back(command);
  return words;
}

std::string login_words(const hosts::Host& host, std::string_view command) {
  std::string words(command);
  if (host.port != 0) words += fmt::format(" -p {}", host.port);
  return words + " " + target(host);
}

}  // namespace prun::ssh
