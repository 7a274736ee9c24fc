#include "runtime/match/matcher.hpp"

namespace prun::match {

void Matcher::post(Posted& receive) {
  receive.order_ = next_order_++;
  ContextQueues& queues = contexts_[receive.pattern.context];
  if (receive.pattern.source == any) {
    queues.posted_any.push_back(receive);
  } else {
    queues.sources[receive.pattern.source].posted.push_back(receive);
  }
}

Posted* Matcher::first_with_tag(PostedList& list, std::int32_t tag) {
  Posted* receive = list.front();
  while (receive != nullptr && !tags_match(receive->pattern.tag, tag))
    receive = list.next(*receive);
  return receive;
}

Posted* Matcher::take_posted(const Label& label) {
  const auto context = contexts_.find(label.context);
  if (context == contexts_.end()) return nullptr;
  ContextQueues& queues = context->second;
  Posted* chosen = first_with_tag(queues.posted_any, label.tag);
  const auto source = queues.sources.find(label.source);
  if (source != queues.sources.end()) {
    Posted* named = first_with_tag(source->second.posted, label.tag);
    if (named != nullptr && (chosen == nullptr || named->order_ < chosen->order_)) chosen = named;
  }
  if (chosen != nullptr) remove(*chosen);
  return chosen;
}

void Matcher::add(Unexpected& message) {
  ContextQueues& queues = contexts_[message.label.context];
  queues.sources[message.label.source].unexpected.push_back(message);
  queues.arrivals.push_back(message);
}

Unexpected* Matcher::find(const Pattern& pattern) {
  const auto context = contexts_.find(pattern.context);
  if (context == contexts_.end()) return nullptr;
  ContextQueues& queues = context->second;
  const auto search = [&pattern](auto& list) {
    Unexpected* message = list.front();
    while (message != nullptr && !tags_match(pattern.tag, message->label.tag))
      message = list.next(*message);
    return message;
  };
  if (pattern.source == any) return search(queues.arrivals);
  const auto source = queues.sources.find(pattern.source);
  return source == queues.sources.end() ? nullptr : search(source->second.unexpected);
}

bool Matcher::anyone_waits_for(std::int32_t source) {
  for (auto& [context, queues] : contexts_) {
    if (!queues.posted_any.empty()) return true;
    const auto found = queues.sources.find(source);
    if (found != queues.sources.end() && !found->second.posted.empty()) return true;
  }
  return false;
}

}  // namespace prun::match
