#include "launcher/ssh/ssh_command.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace prun::ssh {
namespace {

// An agent that does not answer for this long is lost; the channel itself counts any traffic as
// life.
constexpr int alive_seconds = 5;
constexpr int alive_count = 3;

std::string target(const hosts::Host& host) {
  return host.user.empty() ? host.name : host.user + "@" + host.name;
}

}  // namespace

std::string shell_quote(std::string_view text) {
  std::string quoted = "'";
  for (const char letter : text) {
    if (letter == '\'' || letter == '\\' || letter == '!') {
      // fish reads \ and csh reads ! inside single quotes; outside of them all agree.
      quoted += "'\\";
      quoted += letter;
      quoted += '\'';
    } else {
      quoted += letter;
    }
  }
  return quoted + "'";
}

std::string remote_command(const std::string& own_path) {
  // The trial run finds a binary of another processor (a home folder shared by unlike machines) and
  // a libstdc++ that is too old, before it could be mistaken for the agent.
  const std::string name = own_path.substr(own_path.rfind('/') + 1);
  const std::string script = fmt::format(
      "broken=; for prun in {0} \"`command -v {1}`\" \"`command -v prun`\"; do "
      "if test -x \"$prun\" && test ! -d \"$prun\"; then "
      "if words=`\"$prun\" agent --check 2>&1 </dev/null`; then "
      "printf '\\nprun-shell %s\\n' \"$prun\"; exec \"$prun\" agent; fi; "
      "test -n \"$broken\" || broken=`printf '%s\\n%s' \"$prun\" \"$words\"`; fi; done; "
      "if test -n \"$broken\"; then printf '\\nprun-broken %s\\n' \"$broken\"; exit 126; fi; "
      "printf '\\nprun-missing %s\\n' {0}; exit 127",
      shell_quote(own_path), shell_quote(name));
  return "exec /bin/sh -c " + shell_quote(script);
}

std::vector<std::string> ssh_command(const hosts::Host& host, const SshOptions& options,
                                     const std::string& own_path) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(options.connect_timeout).count();
  std::vector<std::string> words{options.program, "-T", "-x", "-a"};
  const auto option = [&words](const std::string& text) {
    words.push_back("-o");
    words.push_back(text);
  };
  option("BatchMode=yes");
  // Of two values for one option ssh takes the first: what the user gives stands before what we
  // only propose.
  words.insert(words.end(), options.arguments.begin(), options.arguments.end());
  option(fmt::format("ConnectTimeout={}", std::max<long long>(1, seconds)));
  option("GSSAPIAuthentication=no");
  option(fmt::format("ServerAliveInterval={}", alive_seconds));
  option(fmt::format("ServerAliveCountMax={}", alive_count));
  option("ControlMaster=no");  // a master of the user's is used, none is left behind
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
  words.push_back(remote_command(own_path));
  return words;
}

std::string login_words(const hosts::Host& host, std::string_view command) {
  std::string words(command);
  if (host.port != 0) words += fmt::format(" -p {}", host.port);
  return words + " " + target(host);
}

}  // namespace prun::ssh
