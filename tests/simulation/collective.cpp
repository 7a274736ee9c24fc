#include "tests/simulation/collective.hpp"

#include "runtime/coll/algorithm.hpp"
#include "runtime/coll/selector.hpp"
#include "tests/conformance/coll_cases.hpp"
#include "tests/support/start_collective.hpp"

namespace prun::test {
namespace {

template <class Arguments>
Shape shape_of(const CollectiveChoice& choice) {
  Shape shape;
  shape.ranks = choice.ranks;
  shape.root = choice.root;
  shape.count = choice.count;
  shape.type = rgb_type();
  if (Case<Arguments>::has_layout) shape.uniform = choice.uniform;
  if (Case<Arguments>::reduces) {
    shape.type = choice.commutes ? number_type() : affine_type();
    shape.op = choice.commutes ? sum() : composition();
  }
  return shape;
}

template <class Arguments>
class Call final : public CollectiveCall {
 public:
  explicit Call(const CollectiveChoice& choice)
      : shape_(shape_of<Arguments>(choice)), case_(shape_) {
    const auto known = coll::algorithms<Arguments>();
    if (choice.algorithm < known.size()) algorithm_ = &known[choice.algorithm];
    // Nobody measures, so that all members choose alike without messages of their own.
    tuning_.links.emplace();
    tuning_.segment_bytes = choice.segment_bytes;
  }

  coll::Task task(coll::Team team) override {
    team.set_segment_bytes(*tuning_.segment_bytes);
    Arguments arguments = case_.arguments(team.rank());
    if (algorithm_ == nullptr || !algorithm_->fits(coll::situation_of(team, arguments)))
      return start_collective(team, std::move(arguments), coll::Basis{tuning_});
    return algorithm_->run(team, std::move(arguments));
  }
  void check() override { case_.check(); }
  Datatype type() const override { return shape_.type; }
  std::string describe() const override {
    return std::string(coll::name_of(Arguments::operation)) + " (" +
           (algorithm_ == nullptr ? "as selected" : std::string(algorithm_->name)) + "), " +
           shape_.describe();
  }

 private:
  Shape shape_;
  Case<Arguments> case_;
  const coll::Algorithm<Arguments>* algorithm_ = nullptr;
  coll::Tuning tuning_;
};

template <class... Arguments>
std::shared_ptr<CollectiveCall> make_one_of(const CollectiveChoice& choice) {
  std::shared_ptr<CollectiveCall> made;
  const auto make = [&]<class A>(const A*) {
    if (A::operation == choice.operation) made = std::make_shared<Call<A>>(choice);
  };
  (make(static_cast<const Arguments*>(nullptr)), ...);
  return made;
}

}  // namespace

std::shared_ptr<CollectiveCall> make_collective(const CollectiveChoice& choice) {
  return make_one_of<coll::BarrierArguments, coll::BcastArguments, coll::GatherArguments,
                     coll::ScatterArguments, coll::AllgatherArguments, coll::ReduceArguments,
                     coll::AllreduceArguments, coll::ReduceScatterArguments,
                     coll::AlltoallArguments, coll::ScanArguments, coll::ExscanArguments>(choice);
}

}  // namespace prun::test
