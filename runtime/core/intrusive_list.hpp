#pragma once

#include "runtime/core/assert.hpp"

namespace prun::core {

// A place in one IntrusiveList<T, Tag>; an element of several lists has a hook for each. Not
// copyable while linked.
template <class Tag>
class ListHook {
 public:
  ListHook() = default;
  ListHook(const ListHook&) = delete;
  ListHook& operator=(const ListHook&) = delete;
  ~ListHook() { PRUN_ASSERT(!linked()); }

  bool linked() const { return next_ != nullptr; }

 private:
  template <class T, class U>
  friend class IntrusiveList;
  ListHook* next_ = nullptr;
  ListHook* previous_ = nullptr;
};

// A doubly linked list of elements that bring their own links: nothing is allocated, removal takes
// no search. Elements derive from ListHook<Tag>; the list does not own them.
template <class T, class Tag>
class IntrusiveList {
 public:
  using Hook = ListHook<Tag>;

  IntrusiveList() {
    head_.next_ = &head_;
    head_.previous_ = &head_;
  }
  IntrusiveList(const IntrusiveList&) = delete;
  IntrusiveList& operator=(const IntrusiveList&) = delete;
  ~IntrusiveList() {
    while (!empty()) remove(*front());
    head_.next_ = nullptr;
  }

  bool empty() const { return head_.next_ == &head_; }
  T* front() { return empty() ? nullptr : element(head_.next_); }
  // The element behind this one, or null.
  T* next(T& item) {
    Hook* hook = static_cast<Hook&>(item).next_;
    return hook == &head_ ? nullptr : element(hook);
  }

  void push_back(T& item) {
    Hook& hook = item;
    PRUN_ASSERT(!hook.linked());
    hook.previous_ = head_.previous_;
    hook.next_ = &head_;
    head_.previous_->next_ = &hook;
    head_.previous_ = &hook;
  }

  static void remove(T& item) {
    Hook& hook = item;
    PRUN_ASSERT(hook.linked());
    hook.previous_->next_ = hook.next_;
    hook.next_->previous_ = hook.previous_;
    hook.next_ = nullptr;
    hook.previous_ = nullptr;
  }

  // Puts `fresh` where `old` stands.
  static void replace(T& old, T& fresh) {
    Hook& from = old;
    Hook& to = fresh;
    PRUN_ASSERT(from.linked() && !to.linked());
    to.next_ = from.next_;
    to.previous_ = from.previous_;
    to.next_->previous_ = &to;
    to.previous_->next_ = &to;
    from.next_ = nullptr;
    from.previous_ = nullptr;
  }

  T* pop_front() {
    T* first = front();
    if (first != nullptr) remove(*first);
    return first;
  }

 private:
  static T* element(Hook* hook) { return static_cast<T*>(hook); }

  Hook head_;
};

}  // namespace prun::core
