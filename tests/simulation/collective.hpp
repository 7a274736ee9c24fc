#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "runtime/coll/operation.hpp"
#include "runtime/coll/task.hpp"
#include "runtime/coll/team.hpp"

namespace prun::test {

// Which collective, by which algorithm, on what. A plain value.
struct CollectiveChoice {
  coll::Operation operation = coll::Operation::barrier;
  std::size_t algorithm = 0;  // beyond those there are, or where it does not fit: as selected
  int ranks = 1;
  int root = 0;
  std::size_t count = 0;
  bool uniform = true;
  bool commutes = true;  // the operation of those that reduce
  std::size_t segment_bytes = coll::default_segment_bytes;
};

// One call of a collective, of all its members: its data, and what must come of it. Owned by the
// plan; outlives the tasks.
class CollectiveCall {
 public:
  virtual ~CollectiveCall() = default;
  virtual coll::Task task(coll::Team team) = 0;
  // After the tasks of all members have ended well; the test fails if a result is wrong.
  virtual void check() = 0;
  virtual Datatype type() const = 0;
  virtual std::string describe() const = 0;
};

std::shared_ptr<CollectiveCall> make_collective(const CollectiveChoice& choice);

}  // namespace prun::test
