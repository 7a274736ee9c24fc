#include "bench/collectives.hpp"

#include <algorithm>
#include <array>

#include "bench/harness.hpp"
#include "bench/pattern.hpp"

namespace prun::bench {

namespace {

class Collective : public Operation {
 public:
  explicit Collective(Backend& backend) : backend_(backend) {}

  int timed_ranks() const override { return backend_.size(); }
  bool separated() const override { return true; }

 protected:
  bool root() const { return backend_.rank() == 0; }
  std::size_t size() const { return static_cast<std::size_t>(backend_.size()); }
  std::uint64_t rank() const { return static_cast<std::uint64_t>(backend_.rank()); }

  Backend& backend_;
};

// Data of the operations that only move bytes: `mine` on every rank, `all` has a part for each
// rank.
class Moving : public Collective {
 public:
  Moving(Backend& backend, std::uint64_t bytes, bool needs_all = true)
      : Collective(backend),
        mine_(static_cast<std::size_t>(bytes)),
        all_(needs_all ? mine_.size() * size() : 0) {}

 protected:
  Bytes part(std::vector<std::byte>& of, std::size_t rank) {
    return Bytes(of).subspan(rank * mine_.size(), mine_.size());
  }

  std::vector<std::byte> mine_;
  std::vector<std::byte> all_;
};

// Data of the operations that sum up floats.
class Summing : public Collective {
 public:
  Summing(Backend& backend, std::uint64_t bytes)
      : Collective(backend),
        mine_(static_cast<std::size_t>(bytes) / sizeof(float)),
        result_(mine_.size()) {}

 protected:
  void prepare() {
    fill_numbers(mine_, backend_.rank());
    std::fill(result_.begin(), result_.end(), -1.0f);
  }

  std::vector<float> mine_;
  std::vector<float> result_;
};

class Barrier : public Collective {
 public:
  Barrier(Backend& backend, std::uint64_t) : Collective(backend) {}

  // Each rank in turn enters late, and must not hear from any other that it is out already.
  void verify() override {
    constexpr double late_seconds = 0.005;
    std::array<std::byte, 1> word{};
    for (int late = 0; late < backend_.size(); ++late) {
      backend_.barrier();
      if (backend_.rank() != late) {
        backend_.barrier();
        backend_.send(word, late);
        continue;
      }
      std::vector<std::byte> words(size());
      std::vector<Backend::RequestId> out;
      for (int other = 0; other < backend_.size(); ++other) {
        if (other != late) {
          out.push_back(
              backend_.irecv(Bytes(words).subspan(static_cast<std::size_t>(other), 1), other));
        }
      }
      const auto start = Clock::now();
      while (seconds_since(start) < late_seconds) {
        for (const Backend::RequestId id : out) {
          if (backend_.test(id)) {
            throw VerificationError("barrier: a rank came out before rank " + std::to_string(late) +
                                    " went in");
          }
        }
      }
      backend_.barrier();
      backend_.wait_all();
    }
  }
  void step() override { backend_.barrier(); }
  // It is a barrier itself.
  bool separated() const override { return false; }
};

class Bcast : public Moving {
 public:
  Bcast(Backend& backend, std::uint64_t bytes) : Moving(backend, bytes, false) {}

  void verify() override {
    if (root()) {
      fill_pattern(mine_, 1);
    } else {
      fill_other(mine_, 1);
    }
    step();
    check_pattern(mine_, 1, "bcast");
  }
  void step() override { backend_.bcast(mine_, 0); }
};

class Allgather : public Moving {
 public:
  using Moving::Moving;

  void verify() override {
    fill_pattern(mine_, rank());
    for (std::size_t i = 0; i < size(); ++i) fill_other(part(all_, i), i);
    step();
    for (std::size_t i = 0; i < size(); ++i) {
      check_pattern(part(all_, i), i, "allgather, part " + std::to_string(i));
    }
  }
  void step() override { backend_.allgather(mine_, all_); }
};

class Alltoall : public Moving {
 public:
  Alltoall(Backend& backend, std::uint64_t bytes)
      : Moving(backend, bytes), received_(all_.size()) {}

  void verify() override {
    for (std::size_t i = 0; i < size(); ++i) {
      fill_pattern(part(all_, i), seed(rank(), i));
      fill_other(part(received_, i), seed(i, rank()));
    }
    step();
    for (std::size_t i = 0; i < size(); ++i) {
      check_pattern(part(received_, i), seed(i, rank()), "alltoall, part " + std::to_string(i));
    }
  }
  void step() override { backend_.alltoall(all_, received_); }

 private:
  static std::uint64_t seed(std::uint64_t from, std::uint64_t to) { return from * 3 + to * 5; }

  std::vector<std::byte> received_;
};

class Scatter : public Moving {
 public:
  Scatter(Backend& backend, std::uint64_t bytes) : Moving(backend, bytes, backend.rank() == 0) {}

  void verify() override {
    for (std::size_t i = 0; root() && i < size(); ++i) fill_pattern(part(all_, i), i);
    fill_other(mine_, rank());
    step();
    check_pattern(mine_, rank(), "scatter");
  }
  void step() override { backend_.scatter(all_, mine_, 0); }
};

class Gather : public Moving {
 public:
  Gather(Backend& backend, std::uint64_t bytes) : Moving(backend, bytes, backend.rank() == 0) {}

  void verify() override {
    fill_pattern(mine_, rank());
    for (std::size_t i = 0; root() && i < size(); ++i) fill_other(part(all_, i), i);
    step();
    for (std::size_t i = 0; root() && i < size(); ++i) {
      check_pattern(part(all_, i), i, "gather, part " + std::to_string(i));
    }
  }
  void step() override { backend_.gather(mine_, all_, 0); }
};

class Reduce : public Summing {
 public:
  using Summing::Summing;

  void verify() override {
    prepare();
    step();
    if (root()) check_sums(result_, backend_.size(), 0, "reduce");
  }
  void step() override { backend_.reduce(mine_, result_, 0); }
};

class Allreduce : public Summing {
 public:
  using Summing::Summing;

  void verify() override {
    prepare();
    step();
    check_sums(result_, backend_.size(), 0, "allreduce");
  }
  void step() override { backend_.allreduce(mine_, result_); }
};

class Scan : public Summing {
 public:
  using Summing::Summing;

  void verify() override {
    prepare();
    step();
    check_sums(result_, backend_.rank() + 1, 0, "scan");
  }
  void step() override { backend_.scan(mine_, result_); }
};

// The whole vector is divided as evenly as it can be; the first ranks get one element more.
class ReduceScatter : public Summing {
 public:
  ReduceScatter(Backend& backend, std::uint64_t bytes)
      : Summing(backend, bytes), counts_(size(), mine_.size() / size()) {
    for (std::size_t i = 0; i < mine_.size() % size(); ++i) ++counts_[i];
    for (std::size_t i = 0; i < rank(); ++i) first_ += counts_[i];
    result_.resize(counts_[static_cast<std::size_t>(rank())]);
  }

  void verify() override {
    prepare();
    step();
    check_sums(result_, backend_.size(), first_, "reduce_scatter");
  }
  void step() override { backend_.reduce_scatter(mine_, result_, counts_); }

 private:
  std::vector<std::size_t> counts_;
  std::size_t first_ = 0;
};

template <class Kind>
Result run(Context& context, std::uint64_t bytes) {
  Kind operation(context.backend, bytes);
  return measure(context, operation, bytes);
}

}  // namespace

Result run_barrier(Context& context, std::uint64_t bytes) {
  return run<Barrier>(context, bytes);
}
Result run_bcast(Context& context, std::uint64_t bytes) {
  return run<Bcast>(context, bytes);
}
Result run_reduce(Context& context, std::uint64_t bytes) {
  return run<Reduce>(context, bytes);
}
Result run_allreduce(Context& context, std::uint64_t bytes) {
  return run<Allreduce>(context, bytes);
}
Result run_reduce_scatter(Context& context, std::uint64_t bytes) {
  return run<ReduceScatter>(context, bytes);
}
Result run_scan(Context& context, std::uint64_t bytes) {
  return run<Scan>(context, bytes);
}
Result run_allgather(Context& context, std::uint64_t bytes) {
  return run<Allgather>(context, bytes);
}
Result run_alltoall(Context& context, std::uint64_t bytes) {
  return run<Alltoall>(context, bytes);
}
Result run_scatter(Context& context, std::uint64_t bytes) {
  return run<Scatter>(context, bytes);
}
Result run_gather(Context& context, std::uint64_t bytes) {
  return run<Gather>(context, bytes);
}

}  // namespace prun::bench
