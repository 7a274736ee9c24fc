#include "runtime/coll/link_state.hpp"

#include "runtime/coll/task.hpp"

namespace prun::coll {

void LinkState::know(const LinkModel& links) {
  links_ = links;
  failure_.reset();
  stage_ = Stage::known;
  resume_all();
}

void LinkState::give_up(const core::Failure& failure) {
  if (stage_ != Stage::measuring) return;
  failure_ = failure;
  stage_ = Stage::known;
  resume_all();
}

void LinkState::resume_all() {
  while (Known* waiter = waiting_.pop_front()) waiter->waiter_.resume();
}

void LinkState::Known::await_resume() const {
  if (state_.failure_) throw TransferFailed(*state_.failure_);
}

}  // namespace prun::coll
