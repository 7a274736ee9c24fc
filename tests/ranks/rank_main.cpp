// main of a test program that runs as several ranks: every rank runs the same tests in the same
// order. A failed expectation prints itself and aborts its rank, so that prun ends the others
// instead of letting them wait.
#include "tests/ranks/rank_main.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <memory>

namespace prun::test {
namespace {

std::unique_ptr<Environment> joined;

// Says only what failed, and on which rank.
class FailurePrinter : public testing::EmptyTestEventListener {
  void OnTestPartResult(const testing::TestPartResult& result) override {
    if (!result.failed()) return;
    std::fprintf(stderr, "rank %d: %s:%d: %s\n", world().rank(), result.file_name(),
                 result.line_number(), result.message());
  }
};

}  // namespace

Environment& environment() {
  return *joined;
}

Communicator& world() {
  return joined->world();
}

}  // namespace prun::test

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  GTEST_FLAG_SET(break_on_failure, true);
  prun::test::joined = std::make_unique<prun::Environment>(argc, argv);
  testing::TestEventListeners& listeners = testing::UnitTest::GetInstance()->listeners();
  if (prun::test::world().rank() != 0) {
    delete listeners.Release(listeners.default_result_printer());
    listeners.Append(new prun::test::FailurePrinter);
  }
  const int result = RUN_ALL_TESTS();
  prun::test::joined.reset();
  return result;
}
