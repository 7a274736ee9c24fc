#include "launcher/doctor/host_examination.hpp"

#include <fmt/format.h>
#include <sys/wait.h>
#include <asio/post.hpp>

#include <utility>

#include "launcher/doctor/login_words.hpp"
#include "launcher/ssh/ssh_command.hpp"
#include "launcher/ssh/ssh_failure.hpp"

namespace prun::doctor {
namespace {

constexpr unsigned most_tries = 3;
constexpr std::chrono::milliseconds pause{300};  // times the tries, before the next
constexpr unsigned most_questions = 10;

std::chrono::nanoseconds time_of_day() {
  return std::chrono::system_clock::now().time_since_epoch();
}

}  // namespace

HostExamination::HostExamination(asio::io_context& io, HostFacts& facts)
    : io_(io), facts_(facts), retry_(io) {}

void HostExamination::begin(std::vector<std::string> command, std::chrono::milliseconds limit,
                            std::function<void()> on_over) {
  command_ = std::move(command);
  limit_ = limit;
  on_over_ = std::move(on_over);
  log_in();
}

void HostExamination::log_in() {
  ++tries_;
  reply_ = std::make_unique<ProbeReply>(facts_);
  child_ = std::make_unique<ssh::LineChild>(io_);
  begun_ = std::chrono::steady_clock::now();
  child_->start(
      command_, limit_, [this](std::string_view line) { on_line(line); },
      [this](const ssh::LineChildEnd& end) { on_end(end); });
}

void HostExamination::on_line(std::string_view line) {
  const auto answered = time_of_day();
  const auto before = reply_->state();
  if (before == ProbeReply::State::too_much) return;
  const auto state = reply_->feed(line);
  if (before == ProbeReply::State::noise && state == ProbeReply::State::facts) {
    facts_.login_time = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - begun_);
  }
  if (state == ProbeReply::State::too_much) {
    child_->kill();
  } else if (state == ProbeReply::State::clock) {
    if (before == state && reply_->time_of_day()) {
      const auto reading = clock_reading(asked_, *reply_->time_of_day(), answered);
      if (!facts_.clock || reading.error < facts_.clock->error) facts_.clock = reading;
    }
    ask_time();
  }
}

void HostExamination::ask_time() {
  if (facts_.local || ++questions_ > most_questions) {
    child_->close_input();
    return;
  }
  asked_ = time_of_day();
  child_->send("time?\n");
}

void HostExamination::on_end(const ssh::LineChildEnd& end) {
  take_login_words(end.words, facts_);
  if (reply_->state() != ProbeReply::State::clock) {
    if (tries_again(end)) return;
    facts_.trouble = trouble_of(end);
  }
  on_over_();
}

bool HostExamination::tries_again(const ssh::LineChildEnd& end) {
  if (tries_ >= most_tries || end.overdue || !end.not_started.empty() ||
      reply_->state() != ProbeReply::State::noise) {
    return false;
  }
  if (!ssh::explain_ssh_failure(facts_.host, without_debug(end.words)).try_again) return false;
  // From the event loop: the child that is told about here goes.
  retry_.expires_after(pause * tries_);
  retry_.async_wait([this](asio::error_code error) {
    if (!error) log_in();
  });
  return true;
}

Trouble HostExamination::trouble_of(const ssh::LineChildEnd& end) const {
  const std::string login = ssh::login_words(facts_.host);
  if (!end.not_started.empty())
    return {"ssh-missing", end.not_started, "sudo apt-get install openssh-client"};
  if (reply_->state() == ProbeReply::State::too_much) {
    return {"login-noise-endless", "its login shell prints without end",
            fmt::format("{} and look at ~/.bashrc and ~/.profile", login)};
  }
  const double seconds = std::chrono::duration<double>(limit_).count();
  if (end.overdue && reply_->state() == ProbeReply::State::facts) {
    return {"no-answer",
            fmt::format("the login has worked, but its shell has not answered within {:.0f} s",
                        seconds),
            fmt::format("{} and look at top and dmesg", login)};
  }
  if (end.overdue) {
    return {"no-answer",
            fmt::format("ssh has neither logged in nor failed within {:.0f} s", seconds),
            fmt::format("{} shows where it stops", ssh::login_words(facts_.host, "ssh -v"))};
  }
  const std::string words = without_debug(end.words);
  const bool is_ssh_failure =
      !facts_.local && WIFEXITED(end.wait_status) && WEXITSTATUS(end.wait_status) == 255;
  if (is_ssh_failure && facts_.noise.empty()) {
    const auto failure = ssh::explain_ssh_failure(facts_.host, words);
    // What is not known here can be told: a command with a place to fill in.
    const std::string repair =
        failure.cause == ssh::SshCause::unknown_name
            ? fmt::format("use its address, or add it: echo 'ADDRESS {}' | sudo tee -a /etc/hosts",
                          facts_.host.name)
            : failure.repair;
    return {std::string(ssh::to_string(failure.cause)), printable(failure.sentence, 600), repair};
  }
  const std::string said = ssh::said_in_one_line(words + "\n" + facts_.noise);
  return {"login-ended",
          "the login ended before a command ran there" +
              (said.empty() ? std::string() : fmt::format(" ({})", printable(said, 400))),
          fmt::format("is the account allowed to log in? try: {}", login)};
}

}  // namespace prun::doctor
