#include "tests/conformance/coll_cases.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace prun::test {
namespace {

std::size_t at(int rank) {
  return static_cast<std::size_t>(rank);
}

// Not EXPECT_EQ: nobody wants to read thousands of bytes.
void expect_same(const Bytes& got, const Bytes& expected, const std::string& what) {
  if (got == expected) return;
  if (got.size() != expected.size()) {
    ADD_FAILURE() << what << ": " << got.size() << " bytes instead of " << expected.size();
    return;
  }
  const auto difference = std::mismatch(got.begin(), got.end(), expected.begin());
  ADD_FAILURE() << what << ": differs from byte " << difference.first - got.begin() << " of "
                << got.size();
}

std::string on_rank(const char* what, std::size_t rank) {
  return std::string(what) + " of rank " + std::to_string(rank);
}

}  // namespace

std::string Shape::describe() const {
  return std::to_string(ranks) + " ranks, root " + std::to_string(root) + ", " +
         std::to_string(count) + " x " + std::to_string(type.size) + " bytes" +
         (uniform ? "" : ", blocks differ") + (in_place ? ", in place" : "") +
         (op.apply == nullptr ? "" : (op.commutative ? ", commutes" : ", order matters"));
}

Datatype rgb_type() {
  return datatype_of<Rgb>();
}

Datatype number_type() {
  return datatype_of<std::uint32_t>();
}

detail::Reduction sum() {
  return detail::make_reduction<std::uint32_t>(std::plus<>{});
}

Datatype affine_type() {
  return datatype_of<Affine>();
}

detail::Reduction composition() {
  return detail::make_reduction<Affine>([](const Affine& first, const Affine& second) {
    return Affine{first.factor * second.factor, first.offset * second.factor + second.offset,
                  first.steps + second.steps};
  });
}

BlockBuffer::BlockBuffer(const std::vector<std::size_t>& counts, bool uniform,
                         std::size_t element_bytes)
    : uniform_(uniform), offsets_(counts.size()), sizes_(counts.size()) {
  std::size_t next = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const std::size_t index = uniform ? i : counts.size() - 1 - i;
    if (!uniform) next += element_bytes * (index % 3);
    offsets_[index] = next;
    sizes_[index] = counts[index] * element_bytes;
    next += sizes_[index];
  }
  memory_.assign(next, std::byte{0xdb});
}

void BlockBuffer::put(int rank, const Bytes& block) {
  ASSERT_EQ(block.size(), sizes_[at(rank)]);
  std::copy(block.begin(), block.end(),
            memory_.begin() + static_cast<std::ptrdiff_t>(offsets_[at(rank)]));
}

coll::Blocks BlockBuffer::blocks() {
  if (!uniform_) return coll::Blocks::at(memory_.data(), offsets_, sizes_);
  return coll::Blocks::uniform(memory_.data(), static_cast<int>(sizes_.size()), sizes_.front());
}

CaseBase::CaseBase(const Shape& shape) : shape_(shape), ranks_(at(shape.ranks)) {}

Bytes CaseBase::random_bytes(std::size_t count, std::size_t number) const {
  std::minstd_rand random(static_cast<std::uint32_t>(number + 1));
  Bytes bytes(count * shape_.type.size);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::uint_fast32_t bits = random();
    for (std::size_t j = i; j < std::min(i + 3, bytes.size()); ++j)
      bytes[j] = static_cast<std::byte>(bits >> (8 * (j - i)));
  }
  return bytes;
}

std::vector<Bytes> CaseBase::inputs(std::size_t first_number) const {
  std::vector<Bytes> result;
  for (std::size_t rank = 0; rank < ranks_; ++rank)
    result.push_back(random_bytes(shape_.count, first_number + rank));
  return result;
}

std::size_t CaseBase::block_count(std::size_t index) const {
  if (shape_.uniform) return shape_.count;
  return index % 3 == 1 ? 0 : shape_.count / (1 + index % 2) + index;
}

std::vector<std::size_t> CaseBase::block_counts() const {
  std::vector<std::size_t> counts;
  for (std::size_t i = 0; i < ranks_; ++i) counts.push_back(block_count(i));
  return counts;
}

std::vector<Bytes> CaseBase::blocks() const {
  std::vector<Bytes> result;
  for (std::size_t i = 0; i < ranks_; ++i) result.push_back(random_bytes(block_count(i), i));
  return result;
}

// --- bcast

Case<coll::BcastArguments>::Case(const Shape& shape)
    : CaseBase(shape), data_(inputs()), expected_(data_[at(shape.root)]) {}

coll::BcastArguments Case<coll::BcastArguments>::arguments(int rank) {
  coll::BcastArguments arguments;
  arguments.data = data_[at(rank)];
  arguments.root = shape_.root;
  return arguments;
}

void Case<coll::BcastArguments>::check() {
  for (std::size_t rank = 0; rank < ranks_; ++rank)
    expect_same(data_[rank], expected_, on_rank("data", rank));
}

// --- gather

Case<coll::GatherArguments>::Case(const Shape& shape)
    : CaseBase(shape),
      mine_(blocks()),
      all_(block_counts(), shape.uniform, shape.type.size),
      expected_(all_) {
  all_.put(shape.root, mine_[at(shape.root)]);
  for (int rank = 0; rank < shape.ranks; ++rank) expected_.put(rank, mine_[at(rank)]);
}

coll::GatherArguments Case<coll::GatherArguments>::arguments(int rank) {
  coll::GatherArguments arguments;
  if (rank == shape_.root) {
    arguments.all = all_.blocks();
  } else {
    arguments.mine = mine_[at(rank)];
  }
  arguments.root = shape_.root;
  arguments.uniform = shape_.uniform;
  return arguments;
}

void Case<coll::GatherArguments>::check() {
  expect_same(all_.bytes(), expected_.bytes(), "what was gathered");
}

// --- scatter

std::byte* Case<coll::ScatterArguments>::grow(void* owner, std::size_t count) {
  auto& growing = *static_cast<Growing*>(owner);
  growing.bytes.resize(count * growing.element_bytes);
  return growing.bytes.data();
}

Case<coll::ScatterArguments>::Case(const Shape& shape)
    : CaseBase(shape),
      expected_(blocks()),
      all_(block_counts(), shape.uniform, shape.type.size),
      mine_(ranks_) {
  for (int rank = 0; rank < shape.ranks; ++rank) {
    all_.put(rank, expected_[at(rank)]);
    Growing& mine = mine_[at(rank)];
    mine.element_bytes = shape.type.size;
    if (shape.uniform) mine.bytes.resize(shape.count * shape.type.size);
    if (rank == shape.root) mine.bytes = expected_[at(rank)];
  }
}

coll::ScatterArguments Case<coll::ScatterArguments>::arguments(int rank) {
  Growing& mine = mine_[at(rank)];
  coll::ScatterArguments arguments;
  if (rank == shape_.root) {
    arguments.all = all_.blocks();
  } else {
    arguments.mine = {mine.bytes.data(), mine.bytes.size() / shape_.type.size, shape_.type, true};
    if (!shape_.uniform) {
      arguments.mine.grow = &grow;
      arguments.mine.owner = &mine;
    }
  }
  arguments.root = shape_.root;
  arguments.uniform = shape_.uniform;
  return arguments;
}

void Case<coll::ScatterArguments>::check() {
  for (std::size_t rank = 0; rank < ranks_; ++rank)
    expect_same(mine_[rank].bytes, expected_[rank], on_rank("the block", rank));
}

// --- allgather

Case<coll::AllgatherArguments>::Case(const Shape& shape)
    : CaseBase(shape), expected_(block_counts(), shape.uniform, shape.type.size) {
  all_.assign(ranks_, expected_);
  const std::vector<Bytes> mine = blocks();
  for (int rank = 0; rank < shape.ranks; ++rank) {
    all_[at(rank)].put(rank, mine[at(rank)]);
    expected_.put(rank, mine[at(rank)]);
  }
}

coll::AllgatherArguments Case<coll::AllgatherArguments>::arguments(int rank) {
  coll::AllgatherArguments arguments;
  arguments.all = all_[at(rank)].blocks();
  return arguments;
}

void Case<coll::AllgatherArguments>::check() {
  for (std::size_t rank = 0; rank < ranks_; ++rank)
    expect_same(all_[rank].bytes(), expected_.bytes(), on_rank("all", rank));
}

// --- reduce

Case<coll::ReduceArguments>::Case(const Shape& shape)
    : CaseBase(shape),
      inputs_(inputs()),
      mine_(inputs_),
      result_(random_bytes(shape.count, 99)),
      expected_(reference_scan(shape.op, shape.type.size, inputs_).back()) {}

coll::ReduceArguments Case<coll::ReduceArguments>::arguments(int rank) {
  coll::ReduceArguments arguments;
  arguments.mine = mine_[at(rank)];
  if (rank == shape_.root) arguments.result = shape_.in_place ? mine_[at(rank)] : result_;
  arguments.root = shape_.root;
  arguments.op = shape_.op;
  return arguments;
}

void Case<coll::ReduceArguments>::check() {
  if (shape_.in_place) {
    result_ = mine_[at(shape_.root)];
    mine_[at(shape_.root)] = inputs_[at(shape_.root)];
  }
  expect_same(result_, expected_, "the result");
  for (std::size_t rank = 0; rank < ranks_; ++rank)
    expect_same(mine_[rank], inputs_[rank], on_rank("the contribution", rank));
}

// --- allreduce

Case<coll::AllreduceArguments>::Case(const Shape& shape)
    : CaseBase(shape),
      data_(inputs()),
      expected_(reference_scan(shape.op, shape.type.size, data_).back()) {}

coll::AllreduceArguments Case<coll::AllreduceArguments>::arguments(int rank) {
  coll::AllreduceArguments arguments;
  arguments.data = data_[at(rank)];
  arguments.op = shape_.op;
  return arguments;
}

void Case<coll::AllreduceArguments>::check() {
  for (std::size_t rank = 0; rank < ranks_; ++rank)
    expect_same(data_[rank], expected_, on_rank("the result", rank));
}

// --- reduce_scatter

Case<coll::ReduceScatterArguments>::Case(const Shape& shape) : CaseBase(shape) {
  // By part, then by rank.
  std::vector<std::vector<Bytes>> contributions(ranks_);
  for (std::size_t part = 0; part < ranks_; ++part) {
    for (std::size_t rank = 0; rank < ranks_; ++rank)
      contributions[part].push_back(random_bytes(block_count(part), 100 * part + rank));
    expected_.push_back(reference_scan(shape.op, shape.type.size, contributions[part]).back());
    mine_.push_back(random_bytes(block_count(part), 99));
  }
  for (std::size_t rank = 0; rank < ranks_; ++rank) {
    BlockBuffer& all = all_.emplace_back(block_counts(), shape.uniform, shape.type.size);
    for (int part = 0; part < shape.ranks; ++part) all.put(part, contributions[at(part)][rank]);
    before_.push_back(all.bytes());
  }
}

coll::ReduceScatterArguments Case<coll::ReduceScatterArguments>::arguments(int rank) {
  coll::ReduceScatterArguments arguments;
  arguments.all = all_[at(rank)].blocks();
  arguments.mine = mine_[at(rank)];
  arguments.op = shape_.op;
  return arguments;
}

void Case<coll::ReduceScatterArguments>::check() {
  for (std::size_t rank = 0; rank < ranks_; ++rank) {
    expect_same(mine_[rank], expected_[rank], on_rank("the result", rank));
    expect_same(all_[rank].bytes(), before_[rank], on_rank("the contribution", rank));
  }
}

// --- alltoall

Case<coll::AlltoallArguments>::Case(const Shape& shape) : CaseBase(shape) {
  // By sender, then by receiver.
  std::vector<std::vector<Bytes>> sent(ranks_);
  for (std::size_t from = 0; from < ranks_; ++from) {
    for (std::size_t to = 0; to < ranks_; ++to) {
      const std::size_t count = shape.uniform ? shape.count : block_count(from + 2 * to);
      sent[from].push_back(random_bytes(count, 100 * from + to));
    }
  }
  const auto buffer_for = [&](const std::vector<Bytes>& blocks) {
    std::vector<std::size_t> counts;
    for (const Bytes& block : blocks) counts.push_back(block.size() / shape.type.size);
    return BlockBuffer(counts, shape.uniform, shape.type.size);
  };
  const std::vector<std::vector<Bytes>> received = transposed(sent);
  for (int rank = 0; rank < shape.ranks; ++rank) {
    BlockBuffer outgoing = buffer_for(sent[at(rank)]);
    BlockBuffer expected = buffer_for(received[at(rank)]);
    BlockBuffer incoming = expected;
    for (int peer = 0; peer < shape.ranks; ++peer) {
      outgoing.put(peer, sent[at(rank)][at(peer)]);
      expected.put(peer, received[at(rank)][at(peer)]);
    }
    incoming.put(rank, received[at(rank)][at(rank)]);
    before_.push_back(outgoing.bytes());
    outgoing_.push_back(std::move(outgoing));
    incoming_.push_back(std::move(incoming));
    expected_.push_back(std::move(expected));
  }
}

coll::AlltoallArguments Case<coll::AlltoallArguments>::arguments(int rank) {
  coll::AlltoallArguments arguments;
  arguments.outgoing = outgoing_[at(rank)].blocks();
  arguments.incoming = incoming_[at(rank)].blocks();
  return arguments;
}

void Case<coll::AlltoallArguments>::check() {
  for (std::size_t rank = 0; rank < ranks_; ++rank) {
    expect_same(incoming_[rank].bytes(), expected_[rank].bytes(), on_rank("what came", rank));
    expect_same(outgoing_[rank].bytes(), before_[rank], on_rank("what went", rank));
  }
}

// --- scan and exscan

Case<coll::ScanArguments>::Case(const Shape& shape)
    : CaseBase(shape),
      data_(inputs()),
      expected_(reference_scan(shape.op, shape.type.size, data_)) {}

coll::ScanArguments Case<coll::ScanArguments>::arguments(int rank) {
  coll::ScanArguments arguments;
  arguments.data = data_[at(rank)];
  arguments.op = shape_.op;
  return arguments;
}

void Case<coll::ScanArguments>::check() {
  for (std::size_t rank = 0; rank < ranks_; ++rank)
    expect_same(data_[rank], expected_[rank], on_rank("the result", rank));
}

Case<coll::ExscanArguments>::Case(const Shape& shape)
    : CaseBase(shape), inputs_(inputs()), mine_(inputs_), results_(inputs(50)) {
  expected_ = reference_scan(shape.op, shape.type.size, inputs_);
  expected_.pop_back();
  expected_.insert(expected_.begin(), results_.front());  // rank 0 keeps what it has
}

coll::ExscanArguments Case<coll::ExscanArguments>::arguments(int rank) {
  coll::ExscanArguments arguments;
  arguments.mine = mine_[at(rank)];
  arguments.result = results_[at(rank)];
  arguments.op = shape_.op;
  return arguments;
}

void Case<coll::ExscanArguments>::check() {
  for (std::size_t rank = 0; rank < ranks_; ++rank) {
    expect_same(results_[rank], expected_[rank], on_rank("the result", rank));
    expect_same(mine_[rank], inputs_[rank], on_rank("the contribution", rank));
  }
}

}  // namespace prun::test
