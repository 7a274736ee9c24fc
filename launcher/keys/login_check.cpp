#include "launcher/keys/login_check.hpp"

#include <sys/wait.h>
#include <asio/io_context.hpp>

#include <memory>

#include "launcher/ssh/fan_out.hpp"
#include "launcher/ssh/line_child.hpp"

namespace prun::keys {
namespace {

// Any login shell knows it.
constexpr const char* do_nothing = "exit 0";
constexpr int ssh_failed = 255;
constexpr std::chrono::milliseconds after_ssh{1000};

// "Permission denied (publickey,password)." lists what the host would still take.
bool offers_password(std::string_view words) {
  constexpr std::string_view denied = "Permission denied (";
  const std::size_t at = words.rfind(denied);
  if (at == std::string_view::npos) return false;
  const std::string_view list = words.substr(at, words.find(')', at) - at);
  return list.find("password") != std::string_view::npos ||
         list.find("keyboard-interactive") != std::string_view::npos;
}

}  // namespace

LoginCheck judge_login(const hosts::Host& host, int exit_status, std::string_view words) {
  LoginCheck check;
  if (exit_status == 0) {
    check.state = LoginState::works;
    return check;
  }
  if (exit_status != ssh_failed) {
    const std::string said = ssh::said_in_one_line(words);
    check.sentence = "the login works, but its shell ended at once" +
                     (said.empty() ? std::string() : " (" + said + ")");
    check.repair = "is the account allowed to run commands? try: " + ssh::login_words(host);
    return check;
  }
  const auto failure = ssh::explain_ssh_failure(host, words);
  check.sentence = failure.sentence;
  check.repair = failure.repair;
  if (failure.cause == ssh::SshCause::host_key_unknown) {
    check.state = LoginState::host_key_unknown;
  } else if (failure.cause == ssh::SshCause::key_refused ||
             failure.cause == ssh::SshCause::password_wanted) {
    check.state = LoginState::key_refused;
    check.takes_password = offers_password(words);
  }
  return check;
}

std::vector<LoginCheck> check_logins(const std::vector<hosts::Host>& hosts,
                                     const ssh::SshOptions& options, std::size_t window) {
  asio::io_context io(1);
  ssh::FanOut fan_out(window);
  std::vector<LoginCheck> checks(hosts.size());
  std::vector<std::unique_ptr<ssh::LineChild>> children;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    children.push_back(std::make_unique<ssh::LineChild>(io));
    fan_out.enter([&, i] {
      children[i]->start(
          ssh::ssh_command(hosts[i], options, do_nothing), options.connect_timeout + after_ssh,
          [](std::string_view) {},
          [&, i](const ssh::LineChildEnd& end) {
            if (!end.not_started.empty()) {
              checks[i].sentence = end.not_started;
              checks[i].repair = "sudo apt-get install openssh-client";
            } else if (end.overdue) {
              checks[i].sentence = "ssh has neither logged in nor failed in time";
              checks[i].repair = "see where it stops: " + ssh::login_words(hosts[i], "ssh -v");
            } else {
              const int status = WIFEXITED(end.wait_status) ? WEXITSTATUS(end.wait_status) : 255;
              checks[i] = judge_login(hosts[i], status, end.words);
            }
            fan_out.leave();
          });
      children[i]->close_input();
    });
  }
  io.run();
  return checks;
}

}  // namespace prun::keys
