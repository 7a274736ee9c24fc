#pragma once

#include <coroutine>
#include <cstdint>
#include <optional>

#include "runtime/coll/cost.hpp"
#include "runtime/core/intrusive_list.hpp"
#include "runtime/core/result.hpp"

namespace prun::coll {

struct LinkWaiterTag;

// What the members of a communicator know of their links: nothing at first; then one call measures,
// and later ones that want to know wait for it, so that all members change over at the same call.
// Once known it stays. One thread. Owned by the communicator, outlives its calls.
class LinkState {
 public:
  enum class Stage : std::uint8_t { unknown, measuring, known };

  Stage stage() const { return stage_; }
  // Of use when known.
  const LinkModel& links() const { return links_; }

  void begin() { stage_ = Stage::measuring; }
  // Ends a measurement, or does without; resumes who waits.
  void know(const LinkModel& links);
  // The measurement came to nothing: who waits fails likewise. Calls go on with what is assumed,
  // if there are any more on such a communicator.
  void give_up(const core::Failure& failure);

  // Awaited: a measurement under way has ended. Throws what it failed with. Lives in the frame of
  // the waiter.
  class Known : public core::ListHook<LinkWaiterTag> {
   public:
    explicit Known(LinkState& state) : state_(state) {}
    ~Known() {
      if (linked()) core::IntrusiveList<Known, LinkWaiterTag>::remove(*this);
    }
    bool await_ready() const noexcept { return state_.stage_ != Stage::measuring; }
    void await_suspend(std::coroutine_handle<> waiter) {
      waiter_ = waiter;
      state_.waiting_.push_back(*this);
    }
    void await_resume() const;

   private:
    friend class LinkState;
    LinkState& state_;
    std::coroutine_handle<> waiter_;
  };

 private:
  void resume_all();

  Stage stage_ = Stage::unknown;
  LinkModel links_;
  std::optional<core::Failure> failure_;
  core::IntrusiveList<Known, LinkWaiterTag> waiting_;
};

}  // namespace prun::coll
