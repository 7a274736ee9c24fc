#pragma once

namespace prun::detail {

// Whether it pays to spin before sleeping, as experience tells. Between two idle ranks the answer
// to a small message comes while one spins; where the wire or too few cores decide, spinning only
// takes the processor from those one waits for. A plain value.
class SpinHabit {
 public:
  // Asked before each spin. When it does not pay it is tried now and then all the same, for
  // things change.
  bool worth_it() { return trust_ > 0 || ++declined_ % declined_between_tries == 0; }

  // What one spin came to.
  void caught() {
    if (trust_ < most_trust) ++trust_;
  }
  void in_vain() {
    if (trust_ > 0) --trust_;
  }

 private:
  static constexpr unsigned most_trust = 8;
  static constexpr unsigned declined_between_tries = 32;

  unsigned trust_ = most_trust;
  unsigned declined_ = 0;
};

}  // namespace prun::detail
