#pragma once

#include <prun/counters.hpp>
#include <prun/deadline.hpp>
#include <prun/error.hpp>

#include <sched.h>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "runtime/bootstrap/rank_channel.hpp"
#include "runtime/coll/link_measurement.hpp"
#include "runtime/coll/selector.hpp"
#include "runtime/comm/membership.hpp"
#include "runtime/comm/spin_habit.hpp"
#include "runtime/comm/watched_sleep.hpp"
#include "runtime/core/config.hpp"
#include "runtime/p2p/endpoint.hpp"
#include "runtime/transport/self/self_transport.hpp"
#include "runtime/transport/shm/shm_transport.hpp"
#include "runtime/transport/tcp/tcp_transport.hpp"

namespace prun::detail {

class ClockState;
class CommState;

// One rank's whole machinery: the channel to its agent, the transports, point to point, and the
// loop that moves them. Shared by the Environment and by what it gave out (communicators,
// requests), so that those can still say what is wrong when they are used after finalize. One
// thread at a time.
class World {
 public:
  using WorldRank = transport::WorldRank;

  // Joins the job this process belongs to, or makes a world of one. Throws Error.
  static std::shared_ptr<World> join();
  ~World();

  // World ranks are processes of the job (bootstrap::JobMap): a rank that was started again has
  // another one.
  WorldRank rank() const { return rank_; }
  WorldRank size() const { return static_cast<WorldRank>(map_.size()); }
  WorldRank processes() const { return static_cast<WorldRank>(map_.processes()); }
  int incarnation() const {
    return static_cast<int>(map_.incarnation_of(static_cast<std::uint32_t>(rank_)));
  }
  // The rank of the job that a process is.
  int rank_of(WorldRank process) const {
    return static_cast<int>(map_.rank_of(static_cast<std::uint32_t>(process)));
  }
  bool starts_ranks_again() const { return map_.restarts > 0; }
  const std::string& host_of(WorldRank rank) const;
  std::uint32_t host_index(WorldRank rank) const {
    return map_.host_of_rank[static_cast<std::size_t>(rank_of(rank))];
  }
  // "rank 2 on rpi3", or "rank 2" where there is one host only.
  std::string name(WorldRank rank) const;

  // How long the machine of a peer has confirmed nothing of what this rank has sent over TCP, at most;
  // see transport::link_silence.
  std::optional<std::chrono::milliseconds> silence(WorldRank peer) const {
    return tcp_ ? tcp_->silence(peer) : std::nullopt;
  }

  p2p::Endpoint& endpoint() { return *endpoint_; }
  Membership& membership() { return *membership_; }
  const coll::Tuning& tuning() const { return tuning_; }
  // What communicators have found out of the links of this rank.
  coll::LinkFindings& link_findings() { return link_findings_; }

  // A number for a new communicator that no communicator of this process has; see
  // CommState::agree_on_context.
  std::uint32_t lowest_free_context() const { return next_context_; }
  void take_contexts_below(std::uint32_t next) { next_context_ = next; }

  // Those of this process, for reports. They come and go by themselves.
  void add_communicator(const CommState& comm) { communicators_.insert(&comm); }
  void remove_communicator(const CommState& comm) { communicators_.erase(&comm); }
  const std::set<const CommState*>& communicators() const { return communicators_; }

  // Throws invalid_argument once the Environment has been finalized.
  void check_usable() const;
  bool finalized() const { return finalized_; }

  // Runs the machinery until done() holds: a short spin, then asleep in the kernel. False if the
  // deadline passed first. Throws when it cannot ever hold: alone in the world with nothing under
  // way, or the launcher has gone. `waiting` is what somebody is told who asks meanwhile.
  template <class Done>
  bool wait(const Done& done, const Deadline& deadline, const Waiting& waiting) {
    if (done()) return true;
    Spin spin(spin_);
    bool pays = crowded_ || spin_habit_.worth_it();
    bool spun = false;
    for (;;) {
      const bool moved = step();
      const bool is_done = done();
      if (spun && (moved || is_done)) spin_habit_.caught();
      if (is_done) return true;
      if (deadline.passed()) return false;
      if (moved) {
        spun = false;
        pays = crowded_ || spin_habit_.worth_it();
        spin.restart();
      } else if (!pays || !spin.once_more()) {
        if (spun) spin_habit_.in_vain();
        spun = false;
        block(deadline, waiting);
        if (done()) return true;
      } else {
        spun = true;
        // Whoever is waited for may need this core. Cheaper than a sleep and a wake-up, by far,
        // where ranks take turns.
        if (crowded_) ::sched_yield();
      }
      turns_ += turn_weight();
      if (turns_ >= turns_between_events) {
        turns_ = 0;
        io_.poll();
      }
    }
  }

  // The same for what sends: besides, what was sent to the peer, or to all, has left this process. A
  // program that computes next must not hold its own messages back, least of all the first ones to
  // a peer, which wait for their connection. Past the deadline they are left to later calls.
  template <class Done>
  bool wait_and_flush(const Done& done, const Deadline& deadline, const Waiting& waiting,
                      std::optional<WorldRank> peer = std::nullopt) {
    if (!wait(done, deadline, waiting)) return false;
    const auto sent = [&] { return flushed(peer); };
    if (sent()) return true;
    const WaitingFor outlet(waiting.call(), waiting.at(),
                            [&](Awaited& awaited) { awaited.add_flush(peer); });
    wait(sent, deadline, outlet);
    return true;
  }

  // Moves what can be moved now, without blocking.
  void poll();
  // The same of what this rank has sent to itself, and nothing else: all of it is there then.
  void take_own();

  // While one exists, what is sent is waited for later, and small messages may leave together.
  class Burst {
   public:
    explicit Burst(World& world) : tcp_(world.tcp_.get()) {
      if (tcp_ != nullptr) tcp_->set_bursts(true);
    }
    ~Burst() {
      if (tcp_ != nullptr) tcp_->set_bursts(false);
    }
    Burst(const Burst&) = delete;
    Burst& operator=(const Burst&) = delete;

   private:
    transport::TcpTransport* tcp_;
  };
  // Lets messages go that wait for others.
  void end_burst() {
    if (tcp_) tcp_->end_burst();
  }

  // See Environment::counters.
  Counters counters() const;
  Counters counters(WorldRank rank) const;

  // The job's time; the first call sets it going. Throws Error. See Environment::clock.
  static std::shared_ptr<ClockState> join_clock(const std::shared_ptr<World>& world);

  void finalize(const CallSite& at);
  [[noreturn]] void abort(int exit_status, std::string_view text);

 private:
  // Says how long a wait goes on without sleeping. Looks at the clock now and then only, so that a
  // message that comes soon costs no look at all.
  class Spin {
   public:
    explicit Spin(std::chrono::microseconds limit) : limit_(limit) {}
    void restart() {
      turns_ = 0;
      until_ = {};
    }
    bool once_more() {
      if (limit_.count() <= 0) return false;
      if (++turns_ % turns_between_looks != 0) return true;
      const auto now = std::chrono::steady_clock::now();
      if (until_ == std::chrono::steady_clock::time_point{}) until_ = now + limit_;
      return now < until_;
    }

   private:
    static constexpr unsigned turns_between_looks = 4;

    std::chrono::microseconds limit_;
    std::chrono::steady_clock::time_point until_{};  // of the epoch: not looked at yet
    unsigned turns_ = 0;
  };

  // Between two looks at the event loop by a rank that does not sleep: about 20 us of spinning. A
  // turn that reads sockets takes as long as 16 that look at memory alone, one that yields longer.
  static constexpr unsigned turns_between_events = 1024;
  unsigned turn_weight() const { return crowded_ ? 64 : tcp_ && tcp_->connected() ? 16 : 1; }

  explicit World(const core::Config& config);
  void enter(std::unique_ptr<bootstrap::RankChannel> channel, const core::Config& config);
  void be_alone();
  void make_endpoint(const core::Config& config);

  // The transport to a peer of this host, or null.
  transport::ShmTransport* shm_to(WorldRank peer) const {
    return shm_ && shm_->serves(peer) ? shm_.get() : nullptr;
  }
  bool flushed(std::optional<WorldRank> peer) const;
  bool step();
  void block(const Deadline& deadline, const Waiting& waiting);
  // True if anything has happened, false if only the deadline has passed.
  bool sleep_until_event(const Deadline& deadline, const Waiting& waiting);

  // What became of others.
  void on_endpoints(const bootstrap::Endpoints& message);
  void on_peer_lost(const bootstrap::PeerLost& message);
  void on_disconnect(WorldRank peer, bool orderly, const std::string& cause);
  void conclude_later(WorldRank peer, std::chrono::milliseconds after);
  void conclude(WorldRank peer);
  void await_last_words(WorldRank peer);
  void lose(WorldRank peer, const std::string& cause);
  bool in_touch(WorldRank peer) const;
  bool losing() const;
  void after_losses(std::function<void()> act);
  std::optional<asio::ip::tcp::endpoint> locate(WorldRank peer) const;

  asio::io_context io_{1};
  bootstrap::JobMap map_;
  WorldRank rank_ = 0;
  std::chrono::microseconds spin_{0};
  bool crowded_ = false;  // more ranks than cores on this host
  SpinHabit spin_habit_;
  coll::Tuning tuning_;
  coll::LinkFindings link_findings_;
  std::unique_ptr<bootstrap::RankChannel> channel_;
  WatchedSleep sleep_{io_};
  std::set<const CommState*> communicators_;
  std::unique_ptr<p2p::Endpoint> endpoint_;
  std::unique_ptr<Membership> membership_;
  std::unique_ptr<transport::SelfTransport> self_;
  std::unique_ptr<transport::ShmTransport> shm_;  // to ranks of this host
  std::unique_ptr<transport::TcpTransport> tcp_;  // to the others
  std::vector<std::uint16_t> ports_;              // by rank; 0: not known yet
  std::uint32_t next_context_ = 2;                // 0 and 1 are env.world()'s
  unsigned turns_ = 0;                            // of waiting, of all calls together
  std::uint64_t sleeps_ = 0;
  bool finalizing_ = false;
  bool finalized_ = false;
  bool launcher_gone_ = false;
  bool clock_ready_ = false;

  bool goes_on_ = false;                   // without lost ranks
  std::optional<core::Failure> job_ends_;  // with a rank that is lost: no wait ends well any more

  // A peer whose end is not clear yet: its connection broke and the launcher has not said why, or
  // the launcher says it is gone and its last messages may still be under way.
  struct Doubt {
    std::string cause;                // why its connection broke, if it did
    bool left_in_order = false;       // the launcher says so
    std::optional<std::string> lost;  // why, as the launcher says
    std::uint64_t bytes_seen = 0;     // of its last words
    std::chrono::steady_clock::time_point quiet_since{};
    std::chrono::steady_clock::time_point given_up{};
    std::optional<asio::steady_timer> timer;
  };
  std::unordered_map<WorldRank, Doubt> doubts_;
  std::deque<std::function<void()>> after_losses_;  // what was heard later, in order
};

}  // namespace prun::detail
