#include "launcher/keys/steps.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "launcher/keys/own_keys.hpp"

namespace prun::keys {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

hosts::Host rpi2() {
  hosts::Host host;
  host.name = "rpi2";
  return host;
}

LoginCheck after(const std::string& words) {
  return judge_login(rpi2(), 255, words);
}

const std::string wants_password = "pi@rpi2: Permission denied (publickey,password).\n";
const std::string takes_keys_only = "pi@rpi2: Permission denied (publickey).\n";
const std::string unknown_key = "Host key verification failed.\n";
const std::string changed_key =
    "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\nHost key verification failed.\n";

TEST(LoginChecks, AreJudgedBySshsWords) {
  EXPECT_EQ(judge_login(rpi2(), 0, "").state, LoginState::works);
  EXPECT_EQ(after(unknown_key).state, LoginState::host_key_unknown);
  EXPECT_EQ(after(wants_password).state, LoginState::key_refused);
  EXPECT_TRUE(after(wants_password).takes_password);
  EXPECT_TRUE(after("Permission denied (publickey,keyboard-interactive).").takes_password);
  EXPECT_FALSE(after(takes_keys_only).takes_password);
  EXPECT_EQ(after("ssh: connect to host rpi2 port 22: No route to host").state, LoginState::fails);
  // Another machine may have its name: no step of ours mends that.
  EXPECT_EQ(after(changed_key).state, LoginState::fails);
  EXPECT_EQ(judge_login(rpi2(), 1, "This account is not available.").state, LoginState::fails);
}

TEST(Steps, FollowTheWayByHand) {
  EXPECT_EQ(next_step(judge_login(rpi2(), 0, ""), {}), Step::none);
  EXPECT_EQ(next_step(after(unknown_key), {}), Step::confirm_host_key);
  EXPECT_EQ(next_step(after(wants_password), {Step::confirm_host_key}), Step::copy_key);
  EXPECT_EQ(next_step(judge_login(rpi2(), 0, ""), {Step::confirm_host_key, Step::copy_key}),
            Step::none);
}

TEST(Steps, AreNeverTakenTwice) {
  EXPECT_EQ(next_step(after(unknown_key), {Step::confirm_host_key}), Step::give_up);
  EXPECT_EQ(next_step(after(wants_password), {Step::copy_key}), Step::give_up);
}

TEST(Steps, AreNotTakenWhereTheyCannotHelp) {
  EXPECT_EQ(next_step(after(takes_keys_only), {}), Step::give_up);
  EXPECT_EQ(next_step(after(changed_key), {}), Step::give_up);
  EXPECT_EQ(next_step(after("something new"), {}), Step::give_up);
}

TEST(Outcomes, TellWhatWasDone) {
  const auto works = judge_login(rpi2(), 0, "");
  EXPECT_EQ(outcome_words(works, {}), "works already, left as it is");
  EXPECT_EQ(outcome_words(works, {Step::confirm_host_key}),
            "its host key was confirmed; it works now");
  EXPECT_EQ(outcome_words(works, {Step::copy_key}), "our key was copied there; it works now");
  EXPECT_EQ(outcome_words(works, {Step::confirm_host_key, Step::copy_key}),
            "its host key was confirmed and our key copied there; it works now");
  EXPECT_EQ(outcome_words(after(unknown_key), {Step::confirm_host_key}),
            "its host key was not confirmed");
  EXPECT_THAT(outcome_words(after(wants_password), {Step::copy_key}),
              HasSubstr("refuses our ssh key"));
  EXPECT_THAT(
      outcome_words(after(takes_keys_only), {Step::confirm_host_key}),
      HasSubstr("its host key was confirmed; it refuses our ssh key and takes no password"));
  EXPECT_THAT(outcome_words(after(changed_key), {}), HasSubstr("ssh-keygen -R rpi2"));
}

TEST(Plans, SayWhatWouldBeDone) {
  EXPECT_THAT(plan_words(judge_login(rpi2(), 0, "")), HasSubstr("nothing to do"));
  EXPECT_THAT(plan_words(after(unknown_key)), HasSubstr("would show its host key"));
  EXPECT_THAT(plan_words(after(wants_password)), HasSubstr("ssh-copy-id would copy our key"));
  EXPECT_THAT(plan_words(after(takes_keys_only)), HasSubstr("takes no password"));
  EXPECT_THAT(plan_words(after(changed_key)), HasSubstr("ssh-keygen -R rpi2"));
}

TEST(CopyArguments, AreThoseThatSshCopyIdKnows) {
  EXPECT_THAT(copy_arguments({"-v", "-p", "2222", "-oUser=pi", "-4", "-o", "Port 22", "-i", "key",
                              "-J", "gate"}),
              ElementsAre("-p", "2222", "-oUser=pi", "-o", "Port 22", "-i", "key"));
  EXPECT_THAT(copy_arguments({"-p"}), ElementsAre("-p"));
  EXPECT_THAT(copy_arguments({}), IsEmpty());
}

TEST(OwnKeys, AreReadFromSshsConfiguration) {
  EXPECT_THAT(
      identity_files(
          "user pi\nidentityfile ~/.ssh/id_rsa\nidentityfile /keys/cluster\nidentityfile none\n",
          "/home/pi"),
      ElementsAre("/home/pi/.ssh/id_rsa", "/keys/cluster"));
  EXPECT_THAT(identity_files("", "/home/pi"), IsEmpty());
  EXPECT_EQ(first_complete({"/no/such/key"}), "");
}

}  // namespace
}  // namespace prun::keys
