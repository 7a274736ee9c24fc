#include "launcher/keys/steps.hpp"

#include <algorithm>

namespace prun::keys {
namespace {

bool is_among(Step step, const std::vector<Step>& done) {
  return std::find(done.begin(), done.end(), step) != done.end();
}

std::string with_repair(const LoginCheck& check) {
  return check.sentence + "; " + check.repair;
}

constexpr const char* no_password =
    "it refuses our ssh key and takes no password, so that ours cannot be copied there; log in to "
    "it as you do otherwise, and add the line of your ~/.ssh/*.pub to its ~/.ssh/authorized_keys";

}  // namespace

Step next_step(const LoginCheck& check, const std::vector<Step>& done) {
  switch (check.state) {
    case LoginState::works:
      return Step::none;
    case LoginState::host_key_unknown:
      return is_among(Step::confirm_host_key, done) ? Step::give_up : Step::confirm_host_key;
    case LoginState::key_refused:
      return is_among(Step::copy_key, done) || !check.takes_password ? Step::give_up
                                                                     : Step::copy_key;
    case LoginState::fails:
      break;
  }
  return Step::give_up;
}

std::string outcome_words(const LoginCheck& check, const std::vector<Step>& done) {
  std::string words;
  if (is_among(Step::confirm_host_key, done) && check.state != LoginState::host_key_unknown)
    words = "its host key was confirmed";
  if (is_among(Step::copy_key, done) && check.state == LoginState::works)
    words += words.empty() ? "our key was copied there" : " and our key copied there";
  switch (check.state) {
    case LoginState::works:
      return words.empty() ? "works already, left as it is" : words + "; it works now";
    case LoginState::host_key_unknown:
      return is_among(Step::confirm_host_key, done) ? "its host key was not confirmed"
                                                    : with_repair(check);
    case LoginState::key_refused:
      if (!words.empty()) words += "; ";
      return words + (check.takes_password || is_among(Step::copy_key, done) ? with_repair(check)
                                                                             : no_password);
    case LoginState::fails:
      break;
  }
  return with_repair(check);
}

std::string plan_words(const LoginCheck& check) {
  switch (next_step(check, {})) {
    case Step::none:
      return "works already, nothing to do";
    case Step::confirm_host_key:
      return "ssh would show its host key and ask whether it is right; then, if it refuses our "
             "key, "
             "ssh-copy-id would copy it and ask for the password";
    case Step::copy_key:
      return "ssh-copy-id would copy our key there and ask for the password";
    case Step::give_up:
      break;
  }
  return check.state == LoginState::key_refused ? no_password : with_repair(check);
}

std::vector<std::string> copy_arguments(const std::vector<std::string>& ssh_arguments) {
  std::vector<std::string> known;
  for (std::size_t i = 0; i < ssh_arguments.size(); ++i) {
    const std::string& word = ssh_arguments[i];
    const std::string option = word.substr(0, 2);
    if (option != "-p" && option != "-o" && option != "-F" && option != "-i") continue;
    known.push_back(word);
    if (word.size() == 2 && i + 1 < ssh_arguments.size()) known.push_back(ssh_arguments[++i]);
  }
  return known;
}

}  // namespace prun::keys
