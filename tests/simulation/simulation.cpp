#include "tests/simulation/simulation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

namespace prun::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// No job of ours takes so long, with all its retries.
constexpr VirtualTime deadline = minutes(60);

// As a World waits for the launcher's word, and the launcher for an agent's.
constexpr VirtualTime patience_with_launcher = seconds(2);
constexpr VirtualTime word_of_launcher = seconds(1);

// Nobody else sends its receiver anything with its tag.
bool is_only_sender(const SimulatedStep& step, const SimulatedMessage& message) {
  return std::none_of(step.messages.begin(), step.messages.end(), [&](const auto& other) {
    return other.to == message.to && other.tag == message.tag && other.from != message.from;
  });
}

// A program's wait for one operation.
struct End {
  p2p::Operation& operation;
  bool await_ready() const { return operation.done(); }
  void await_suspend(std::coroutine_handle<> waiter) { operation.set_waiter(waiter); }
  void await_resume() const {
    if (operation.failure() != nullptr) throw coll::TransferFailed(*operation.failure());
  }
};

}  // namespace

struct Simulation::Later {
  explicit Later(Cluster& in) : cluster(in) {}
  ~Later() {
    if (call) cluster.forget(*call);
  }
  Later(const Later&) = delete;
  Later& operator=(const Later&) = delete;

  // The program's wait for it. Resumed by the clock: not from within the task that it may destroy.
  struct End {
    Later& later;
    bool await_ready() const { return later.done; }
    void await_suspend(std::coroutine_handle<> handle) { later.waiter = handle; }
    void await_resume() const {}
  };
  void end() {
    done = true;
    if (!waiter) return;
    call = cluster.at(cluster.now(), [this] {
      call.reset();
      waiter.resume();
    });
  }

  Cluster& cluster;
  std::optional<coll::Task> task;
  std::coroutine_handle<> waiter;
  std::optional<std::uint64_t> call;
  bool done = false;  // and well
};

struct Simulation::Sent {
  Sent(p2p::Endpoint& endpoint, std::vector<std::byte> bytes)
      : payload(std::move(bytes)), operation(endpoint) {}
  std::vector<std::byte> payload;
  p2p::SendOperation operation;
};

struct Simulation::Received {
  explicit Received(p2p::Endpoint& endpoint) : operation(endpoint) {}
  std::vector<std::byte> payload;
  p2p::RecvOperation operation;
};

// The rank computes for a while.
class Simulation::Pause {
 public:
  Pause(Cluster& cluster, int rank, VirtualTime length)
      : cluster_(cluster), rank_(rank), until_(cluster.now() + length) {}
  ~Pause() {
    if (call_) cluster_.forget(*call_);
  }
  Pause(const Pause&) = delete;
  Pause& operator=(const Pause&) = delete;

  bool await_ready() const { return until_ == cluster_.now(); }
  void await_suspend(std::coroutine_handle<> waiter) {
    cluster_.keep_busy(rank_, until_);
    call_ = cluster_.at(until_, [this, waiter] {
      call_.reset();
      waiter.resume();
    });
  }
  void await_resume() const {}

 private:
  Cluster& cluster_;
  int rank_;
  VirtualTime until_;
  std::optional<std::uint64_t> call_;
};

Simulation::Simulation(std::uint32_t seed)
    : plan_(seed),
      cluster_([this] {
        ClusterOptions options = plan_.cluster;
        options.on_gone = [this](int rank, int peer, bool orderly, const std::string& cause) {
          on_gone(rank, peer, orderly, cause);
        };
        return options;
      }()),
      ranks_(static_cast<std::size_t>(cluster_.size())),
      members_done_(plan_.steps.size()) {
  for (std::size_t rank = 0; rank < ranks_.size(); ++rank)
    ranks_[rank].random.seed(seed * 64 + static_cast<std::uint32_t>(rank));
}

// Programs go before what they use.
Simulation::~Simulation() {
  for (Rank& rank : ranks_) {
    rank.program.reset();
    rank.later.clear();
  }
}

VirtualTime Simulation::up_to(int rank, VirtualTime most) {
  return VirtualTime(static_cast<VirtualTime::rep>(at(rank).random() %
                                                   (static_cast<std::uint64_t>(most.count()) + 1)));
}

// --- the programs of the ranks
// ---------------------------------------------------------------------------------------------

coll::Task Simulation::program(int rank) {
  for (std::size_t i = 0; i < plan_.steps.size(); ++i) {
    const SimulatedStep& step = plan_.steps[i];
    const auto& members = plan_.groups[step.group].members;
    if (std::find(members.begin(), members.end(), rank) == members.end()) continue;
    at(rank).step = i;
    co_await Pause(cluster_, rank, up_to(rank, plan_.longest_pause));
    if (!step.collective) {
      co_await exchange(rank, step);
      co_await wait_for_later(rank);
    } else if (step.waited_for_later) {
      Later& later = *at(rank).later.emplace_back(std::make_unique<Later>(cluster_));
      later.task.emplace(in_background(rank, i, later));
      later.task->start();
    } else {
      co_await collective(rank, i);
    }
  }
  co_await wait_for_later(rank);
  for (std::size_t i = 1; i < plan_.groups.size(); ++i) {
    cluster_.endpoint(rank).retire_context(plan_.groups[i].context);
    cluster_.endpoint(rank).retire_context(plan_.groups[i].context + 1);
  }
}

coll::Task Simulation::exchange(int rank, const SimulatedStep& step) {
  const SimulatedGroup& group = plan_.groups[step.group];
  p2p::Endpoint& endpoint = cluster_.endpoint(rank);
  std::vector<std::unique_ptr<Sent>> sent;
  std::vector<std::unique_ptr<Received>> received;
  const auto send = [&] {
    for (std::size_t i = 0; i < step.messages.size(); ++i) {
      const SimulatedMessage& message = step.messages[i];
      if (message.from != rank) continue;
      auto one = std::make_unique<Sent>(endpoint, content_of(message, i));
      endpoint.start_send(one->operation, message.to, group.context, message.tag,
                          detail::send_buffer(one->payload), message.synchronous);
      if (!message.dropped) sent.push_back(std::move(one));
    }
  };
  const auto receive = [&] {
    for (const SimulatedMessage& message : step.messages) {
      if (message.to != rank) continue;
      Received& one = *received.emplace_back(std::make_unique<Received>(endpoint));
      match::Pattern pattern{group.context, message.from, message.tag};
      if (step.naming == Naming::any_source ||
          (step.naming == Naming::mixed && is_only_sender(step, message) &&
           at(rank).random() % 2)) {
        pattern.source = match::any;
      }
      if (step.naming == Naming::any_tag) pattern.tag = match::any;
      endpoint.start_recv(one.operation, pattern, detail::recv_buffer(one.payload), group.members);
    }
  };
  if (step.receives_first) receive();
  send();
  co_await Pause(cluster_, rank, up_to(rank, plan_.longest_pause));
  if (!step.receives_first) receive();

  std::vector<p2p::Operation*> waited_for;
  for (const auto& one : sent) waited_for.push_back(&one->operation);
  for (const auto& one : received) waited_for.push_back(&one->operation);
  std::shuffle(waited_for.begin(), waited_for.end(), at(rank).random);
  at(rank).waits_for_all = &waited_for;
  for (p2p::Operation* operation : waited_for) co_await End{*operation};
  at(rank).waits_for_all = nullptr;
  check_received(rank, step, received);
  cancel_one(rank, group);
}

// Every receive has a message of its own, and of one sender they are in the order sent.
void Simulation::check_received(int rank, const SimulatedStep& step,
                                const std::vector<std::unique_ptr<Received>>& received) {
  std::vector<bool> taken(step.messages.size());
  for (const auto& one : received) {
    const p2p::WorldRank source = one->operation.source();
    const match::Pattern& pattern = one->operation.pattern;
    std::size_t next = 0;
    while (next < step.messages.size()) {
      const SimulatedMessage& message = step.messages[next];
      if (!taken[next] && message.to == rank && message.from == source &&
          (pattern.tag == match::any || message.tag == pattern.tag)) {
        break;
      }
      ++next;
    }
    if (next == step.messages.size()) {
      ADD_FAILURE() << "rank " << rank << " has a message of rank " << source
                    << " that was not sent, or comes again";
      return;
    }
    taken[next] = true;
    EXPECT_EQ(one->operation.envelope().tag, step.messages[next].tag);
    EXPECT_TRUE(one->payload == content_of(step.messages[next], next))
        << "rank " << rank << " has other bytes than rank " << source << " sent as message " << next
        << " of the step, or another message";
  }
}

void Simulation::cancel_one(int rank, const SimulatedGroup& group) {
  constexpr std::int32_t never_sent = 1'000'000;
  Received one(cluster_.endpoint(rank));
  cluster_.endpoint(rank).start_recv(one.operation, {group.context, match::any, never_sent},
                                     detail::recv_buffer(one.payload), group.members);
  if (one.operation.done()) return;  // all others have gone
  EXPECT_TRUE(cluster_.endpoint(rank).cancel(one.operation));
  EXPECT_TRUE(one.operation.done());
}

coll::Task Simulation::collective(int rank, std::size_t index) {
  const SimulatedStep& step = plan_.steps[index];
  const SimulatedGroup& group = plan_.groups[step.group];
  const auto place = std::find(group.members.begin(), group.members.end(), rank);
  coll::Team team(cluster_.endpoint(rank), group.members,
                  static_cast<int>(place - group.members.begin()), group.context + 1, step.call,
                  step.collective->type());
  if (group.hosts) team.set_host_map(&*group.hosts);
  co_await step.collective->task(team);
  if (++members_done_[index] == group.members.size()) step.collective->check();
}

coll::Task Simulation::in_background(int rank, std::size_t step, Later& later) {
  co_await collective(rank, step);
  later.end();
}

coll::Task Simulation::wait_for_later(int rank) {
  for (const auto& later : at(rank).later) co_await Later::End{*later};
  at(rank).later.clear();
}

// --- the job
// ---------------------------------------------------------------------------------------------------------------

void Simulation::run() {
  const std::uint64_t alarm = cluster_.at(deadline, [this] { too_late_ = true; });
  if (plan_.fault.kind != SimulatedFault::Kind::none)
    cluster_.at(plan_.fault.at, [this] { befall(); });
  for (int rank = 0; rank < cluster_.size(); ++rank) {
    at(rank).program.emplace(program(rank));
    at(rank).program->start();
  }
  cluster_.run_until([this] { return too_late_ || look_at_ranks(); });
  for (int rank = 0; rank < cluster_.size(); ++rank) {
    if (at(rank).state == State::running || at(rank).state == State::closing)
      ADD_FAILURE() << "rank " << rank << " waits for ever, in step " << at(rank).step
                    << (at(rank).state == State::closing ? " or for its goodbye to be heard" : "");
  }
  cluster_.forget(alarm);
  EXPECT_LE(cluster_.network().most_queued_bytes(), plan_.cluster.limits.eager_bytes_per_peer)
      << "more is queued for a peer than it has room for";
  if (!testing::Test::HasFailure() && lost_.empty() && broken_.empty()) expect_nothing_left();
}

// Sees to what ranks do when their programs end; true if all have left.
bool Simulation::look_at_ranks() {
  bool all = true;
  for (int rank = 0; rank < cluster_.size(); ++rank) {
    Rank& one = at(rank);
    if (one.state == State::running && one.program->done()) end_of_program(rank);
    // A wait for all ends with the first that fails.
    if (one.state == State::running && one.waits_for_all != nullptr) {
      const auto failed =
          std::find_if(one.waits_for_all->begin(), one.waits_for_all->end(),
                       [](const auto* operation) { return operation->failure() != nullptr; });
      if (failed != one.waits_for_all->end()) fail(rank, *(*failed)->failure());
    }
    // A failure behind the program's back is noticed at once, wherever it stands.
    for (std::size_t i = 0; one.state == State::running && i < one.later.size(); ++i) {
      const coll::Task& task = *one.later[i]->task;
      if (!task.done()) continue;
      if (const auto failure = failure_of(task)) fail(rank, *failure);
    }
    if (one.state == State::closing && cluster_.network().transport(rank).drained())
      one.state = State::finished;
    all = all && (one.state == State::finished || one.state == State::dead);
  }
  return all;
}

void Simulation::end_of_program(int rank) {
  if (const auto failure = failure_of(*at(rank).program)) {
    fail(rank, *failure);
  } else if (cluster_.endpoint(rank).idle()) {
    at(rank).state = State::closing;
    cluster_.network().transport(rank).close();
  }
}

// A program that is told of a failure ends, and its process with it, a little later.
void Simulation::fail(int rank, const core::Failure& failure) {
  check_failure(rank, failure);
  at(rank).state = State::failed;
  at(rank).waits_for_all = nullptr;
  at(rank).program.reset();
  at(rank).later.clear();
  cluster_.at(cluster_.now() + up_to(rank, milliseconds(5)), [this, rank] { die(rank); });
}

void Simulation::befall() {
  const SimulatedFault& fault = plan_.fault;
  const auto lives = [this](int rank) {
    return at(rank).state == State::running || at(rank).state == State::closing;
  };
  if (!lives(fault.rank)) return;
  if (fault.kind == SimulatedFault::Kind::a_rank_dies) {
    die(fault.rank);
  } else if (lives(fault.other)) {
    broken_.insert({fault.rank, fault.other});
    broken_.insert({fault.other, fault.rank});
    cluster_.network().break_off(fault.rank, fault.other, milliseconds(1));
  }
}

void Simulation::die(int rank) {
  at(rank).state = State::dead;
  lost_.insert(rank);
  cluster_.keep_busy(rank, VirtualTime::max());
  at(rank).waits_for_all = nullptr;
  at(rank).program.reset();
  at(rank).later.clear();
  cluster_.lose(rank);
  for (int other = 0; other < cluster_.size(); ++other) {
    if (other == rank) continue;
    cluster_.at(cluster_.now() + up_to(rank, word_of_launcher), [this, rank, other] {
      if (at(other).state != State::dead) cluster_.endpoint(other).peer_lost(rank, "died");
    });
  }
}

void Simulation::on_gone(int rank, int peer, bool orderly, const std::string& cause) {
  if (orderly) {
    cluster_.endpoint(rank).peer_finished(peer);
    return;
  }
  cluster_.at(cluster_.now() + patience_with_launcher, [this, rank, peer, cause] {
    if (at(rank).state != State::dead) cluster_.endpoint(rank).peer_lost(peer, cause);
  });
}

void Simulation::check_failure(int rank, const core::Failure& failure) {
  EXPECT_TRUE(lost_.contains(failure.peer) || broken_.contains({rank, failure.peer}))
      << "rank " << rank << " ended with: " << failure.text;
  EXPECT_EQ(failure.code, Errc::peer_lost) << failure.text;
  EXPECT_NE(failure.text.find("rank " + std::to_string(failure.peer)), std::string::npos)
      << "no rank is named: " << failure.text;
}

void Simulation::expect_nothing_left() {
  for (int rank = 0; rank < cluster_.size(); ++rank) {
    EXPECT_TRUE(cluster_.endpoint(rank).idle()) << "rank " << rank << " has a send under way";
    for (const std::uint32_t context : {plan_.groups[0].context, plan_.groups[0].context + 1}) {
      EXPECT_EQ(cluster_.endpoint(rank).probe({context, match::any, match::any}), nullptr)
          << "rank " << rank << " has an unread message";
    }
  }
  for (std::size_t i = 0; i < plan_.steps.size(); ++i) {
    if (!plan_.steps[i].collective) continue;
    EXPECT_EQ(members_done_[i], plan_.groups[plan_.steps[i].group].members.size());
  }
}

}  // namespace prun::test
