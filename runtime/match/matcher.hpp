#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "runtime/core/intrusive_list.hpp"

// Which message meets which receive. Messages of one source match in the order they arrived,
// receives in the order they were posted; a receive from any source takes the message that arrived
// first.
namespace prun::match {

inline constexpr std::int32_t any = -1;

// What a receive or probe asks for. `source` is a world rank or any, `tag` a tag or any.
struct Pattern {
  std::uint32_t context = 0;
  std::int32_t source = any;
  std::int32_t tag = any;
};

// What a message presents.
struct Label {
  std::uint32_t context = 0;
  std::int32_t source = 0;
  std::int32_t tag = 0;
};

inline bool tags_match(std::int32_t wanted, std::int32_t tag) {
  return wanted == any || wanted == tag;
}

struct PostedTag;
struct BySourceTag;
struct ByArrivalTag;

// Base of a receive that waits for its message.
class Posted : public core::ListHook<PostedTag> {
 public:
  Pattern pattern;
  bool posted() const { return core::ListHook<PostedTag>::linked(); }

 private:
  friend class Matcher;
  std::uint64_t order_ = 0;
};

// Base of a message that waits for its receive.
class Unexpected : public core::ListHook<BySourceTag>, public core::ListHook<ByArrivalTag> {
 public:
  Label label;
  bool waiting() const { return core::ListHook<BySourceTag>::linked(); }
};

// The queues. Owns no receive and no message; none may be destroyed while queued. One thread.
// Finding takes time in the number of receives or messages queued for the same context and source
// that differ in tag only.
class Matcher {
 public:
  using PostedList = core::IntrusiveList<Posted, PostedTag>;
  using SourceList = core::IntrusiveList<Unexpected, BySourceTag>;
  using ArrivalList = core::IntrusiveList<Unexpected, ByArrivalTag>;

  void post(Posted& receive);
  void remove(Posted& receive) { PostedList::remove(receive); }
  // The receive that a message with this label goes to, taken off its queue; null if none waits.
  Posted* take_posted(const Label& label);

  void add(Unexpected& message);
  void remove(Unexpected& message) {
    SourceList::remove(message);
    ArrivalList::remove(message);
  }
  // The message a receive with this pattern takes, left where it is; null if none is here.
  Unexpected* find(const Pattern& pattern);

  // Calls visit(Posted&) for each waiting receive, in no order; visit may remove the one it is
  // given.
  template <class Visit>
  void each_posted(Visit visit) {
    for (auto& [context, queues] : contexts_) {
      visit_list(queues.posted_any, visit);
      for (auto& [source, from] : queues.sources) visit_list(from.posted, visit);
    }
  }
  // The same for messages.
  template <class Visit>
  void each_unexpected(Visit visit) {
    for (auto& [context, queues] : contexts_) visit_list(queues.arrivals, visit);
  }
  // Whether a receive waits that a message from this source, of whatever context and tag, could
  // meet.
  bool anyone_waits_for(std::int32_t source);

  // Forgets the queues of a context that nobody will use again; they must be empty of receives.
  // Messages are handed to `drop`, already off the queues.
  template <class Drop>
  void erase_context(std::uint32_t context, Drop drop) {
    const auto found = contexts_.find(context);
    if (found == contexts_.end()) return;
    while (Unexpected* message = found->second.arrivals.front()) {
      remove(*message);
      drop(*message);
    }
    contexts_.erase(found);
  }

 private:
  struct SourceQueues {
    PostedList posted;
    SourceList unexpected;
  };
  struct ContextQueues {
    std::unordered_map<std::int32_t, SourceQueues> sources;
    PostedList posted_any;
    ArrivalList arrivals;
  };

  template <class List, class Visit>
  static void visit_list(List& list, Visit& visit) {
    for (auto* item = list.front(); item != nullptr;) {
      auto* following = list.next(*item);
      visit(*item);
      item = following;
    }
  }
  static Posted* first_with_tag(PostedList& list, std::int32_t tag);

  std::unordered_map<std::uint32_t, ContextQueues> contexts_;
  std::uint64_t next_order_ = 0;
};

}  // namespace prun::match
