// How the master of a farm keeps track of tasks.
#include <algorithm>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/comm/comm_state.hpp"
#include "runtime/comm/farm_messages.hpp"
#include "runtime/comm/pending.hpp"
#include "runtime/security/random.hpp"

namespace prun::detail {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

// A task is given to a second rank when the first has had it for this many times the usual time.
constexpr int late_after = 2;
constexpr std::chrono::milliseconds never_late_before{10};

// How long the end of a farm is waited for to leave, where a connection does not take it.
constexpr std::chrono::seconds patience_with_stops{1};

template <class T>
bool contains(const std::vector<T>& all, const T& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

class Master {
 public:
  Master(FarmPlace place, const FarmOptions& options, const FarmTypes& types,
         const FarmCalls& calls)
      : place_(std::move(place)),
        comm_(place_.comm),
        options_(options),
        types_(types),
        calls_(calls) {
    workers_.resize(static_cast<std::size_t>(comm_.size()));
    workers_[0].gone = true;
    for (const int rank : comm_.lost()) worker(rank).gone = true;
    // Those that were started again say so themselves.
    for (int rank = world().size(); place_.takes_back && rank < comm_.size(); ++rank)
      worker(rank).gone = true;
  }

  FarmProgress run() {
    try {
      direct();
    } catch (...) {
      stop_workers();
      throw;
    }
    stop_workers();
    drop_late_results();
    return report(true);
  }

 private:
  struct Worker {
    bool gone = false;                // lost, or it has left the job
    std::vector<std::uint64_t> held;  // numbers of tasks, as it will work on them
    std::vector<Request> sends;
  };

  // One that has been asked for and has no result yet.
  struct Task {
    std::shared_ptr<FarmBytes> message;
    std::vector<int> holders;  // ranks that are left; none: it was given back
    Clock::time_point since;   // handed out
  };
  using Tasks = std::map<std::uint64_t, Task>;

  void direct() {
    for (;;) {
      take_back();
      if (living() == 0) {
        if (!work_once()) return;
        continue;
      }
      hand_out();
      if (tasks_.empty()) return;
      wait_for_result();
    }
  }

  World& world() const { return state_of(comm_).world(); }

  int living() const {
    return static_cast<int>(
        std::count_if(workers_.begin(), workers_.end(), [](const Worker& w) { return !w.gone; }));
  }

  Worker& worker(int rank) { return workers_[static_cast<std::size_t>(rank)]; }

  // --- handing out

  void hand_out() {
    while (const auto rank = least_loaded()) {
      const auto task = next_task();
      if (task == tasks_.end()) break;
      give(task, *rank);
    }
    for (int rank = 0; rank < comm_.size(); ++rank) {
      if (!idle(worker(rank))) continue;
      const auto task = latest_task();
      if (task == tasks_.end()) break;
      give(task, rank);
    }
  }

  static bool idle(const Worker& worker) { return !worker.gone && worker.held.empty(); }

  std::optional<int> least_loaded() const {
    const auto least =
        std::min_element(workers_.begin(), workers_.end(), [](const Worker& a, const Worker& b) {
          return a.gone != b.gone ? b.gone : a.held.size() < b.held.size();
        });
    const auto window = static_cast<std::size_t>(std::max(options_.window, 1));
    if (least->gone || least->held.size() >= window) return std::nullopt;
    return static_cast<int>(least - workers_.begin());
  }

  // One that was given back, or a new one; the end when there is none.
  Tasks::iterator next_task() {
    while (!given_back_.empty()) {
      const auto task = tasks_.find(given_back_.front());
      given_back_.pop_front();
      if (task != tasks_.end()) return task;
    }
    if (exhausted_) return tasks_.end();
    const auto content = calls_.next();
    if (!content) {
      exhausted_ = true;
      return tasks_.end();
    }
    const std::uint64_t number = asked_for_++;
    auto message = std::make_shared<FarmBytes>(write_farm_message(run_, number, *content));
    return tasks_.emplace(number, Task{std::move(message), {}, {}}).first;
  }

  void give(Tasks::iterator task, int rank) {
    Worker& to = worker(rank);
    reap(to);
    auto& [number, about] = *task;
    if (about.holders.empty()) about.since = Clock::now();
    about.holders.push_back(rank);
    to.held.push_back(number);
    to.sends.push_back(send_farm_message(comm_, about.message, types_.task, rank, options_.tag));
  }

  // Sends that are complete. What failed has failed with its rank, which is told in another way.
  static void reap(Worker& worker) {
    std::erase_if(worker.sends, [](Request& request) {
      try {
        return request.test().has_value();
      } catch (const Error&) {
        return true;
      }
    });
  }

  // --- tasks that take too long

  // From when on a task is to be given to a second rank. Nothing as long as nobody knows what is
  // usual.
  std::optional<Clock::time_point> late_at(const Task& task) const {
    if (answers_ == 0 || task.holders.size() != 1) return std::nullopt;
    const auto usual = std::chrono::duration_cast<Clock::duration>(waited_for_answers_ / answers_);
    return task.since + std::max<Clock::duration>(late_after * usual, never_late_before);
  }

  // Of those that are late, one whose rank has not begun on it if there is one, or else the oldest.
  Tasks::iterator latest_task() {
    auto best = tasks_.end();
    const auto begun = [this](const Tasks::value_type& entry) {
      return worker(entry.second.holders.front()).held.front() == entry.first;
    };
    const auto now = Clock::now();
    for (auto task = tasks_.begin(); task != tasks_.end(); ++task) {
      const auto late = late_at(task->second);
      if (!late || *late > now) continue;
      if (best == tasks_.end() || std::pair(begun(*task), task->second.since) <
                                      std::pair(begun(*best), best->second.since)) {
        best = task;
      }
    }
    return best;
  }

  // Until when a result is waited for: until a rank that has nothing to do could help another.
  Deadline patience() const {
    if (std::none_of(workers_.begin(), workers_.end(), idle)) return {};
    std::optional<Clock::time_point> first;
    for (const auto& [number, task] : tasks_) {
      const auto late = late_at(task);
      if (late && (!first || *late < *first)) first = late;
    }
    return first ? Deadline(*first) : Deadline();
  }

  // --- results

  void wait_for_result() {
    if (!incoming_.active())
      incoming_ =
          receive_farm_message(comm_, received_, types_.result, any_source, options_.tag + 1);
    int from = -1;
    try {
      if (place_.takes_back) {
        const auto asked = [this] { return request_for_work() != nullptr; };
        if (!wait_beside(incoming_, asked, patience()) || asked()) return;
      }
      from = incoming_.wait(patience()).source;
    } catch (const Error& error) {
      if (error.code() == Errc::timed_out) return;
      if (error.code() == Errc::peer_finished) return all_have_left();
      if (error.code() != Errc::peer_lost) throw;
      const std::vector<int> lost = comm_.acknowledge_lost();
      if (lost.empty()) throw;  // somebody calls survivors(), and waits for this rank
      return take_losses(lost);
    }
    accept(from);
  }

  bool is_here(int rank) const {
    try {
      return comm_.iprobe(rank, options_.tag + 1).has_value();
    } catch (const Error& error) {
      if (error.code() != Errc::peer_lost && error.code() != Errc::peer_finished) throw;
      return false;
    }
  }

  // What a lost rank has sent completely; false if there is nothing more.
  bool receive_last(int rank) {
    if (!is_here(rank)) return false;
    try {
      receive_farm_message(comm_, received_, types_.result, rank, options_.tag + 1).wait();
      return true;
    } catch (const Error& error) {
      if (error.code() != Errc::peer_lost) throw;
      return false;  // only its beginning
    }
  }

  void accept(int rank) {
    const FarmMessage result = read_farm_message(received_, rank);
    if (result.run != run_) return;  // of a task that another rank had done sooner
    std::erase(worker(rank).held, result.number);
    const auto task = tasks_.find(result.number);
    if (task == tasks_.end()) return;  // likewise
    if (task->second.holders.size() == 1) {
      waited_for_answers_ += Clock::now() - task->second.since;
      ++answers_;
    }
    tasks_.erase(task);
    hand_over(result.number, result.content, rank);
  }

  void hand_over(std::uint64_t number, std::span<const std::byte> result, int rank) {
    ++done_;
    calls_.take(number, result, told_as(rank));
    report(false);
  }

  // A receive that is given up at once takes its message along, and waits for nobody.
  void drop_late_results() {
    for (int rank = 1; rank < comm_.size(); ++rank) {
      while (is_here(rank))
        receive_farm_message(comm_, received_, types_.result, rank, options_.tag + 1);
    }
  }

  // --- ranks that were started again

  // One that is here as a whole: its receive keeps nobody waiting.
  const p2p::UnexpectedMessage* request_for_work() const {
    const auto* const found =
        world().endpoint().probe({state_of(comm_).p2p_context(), match::any, farm_request_tag});
    const bool is_here = found != nullptr && found->where == p2p::UnexpectedMessage::Payload::here;
    return is_here ? found : nullptr;
  }

  // Those that ask for work get it. Who believes to be in a farm that is over is told so.
  void take_back() {
    if (!place_.takes_back) return;
    world().poll();
    while (const auto* const request = request_for_work()) {
      const int rank = request->label.source;  // of a lobby the same
      FarmBytes bytes;
      try {
        receive_farm_message(comm_, bytes, farm_request_type(), rank, farm_request_tag).wait();
      } catch (const Error&) {
        continue;  // it is lost again, or not a rank of ours
      }
      const FarmMessage asks = read_farm_message(bytes, rank);
      if (asks.number != farm_request || rank < world().size()) continue;
      const bool is_over = asks.run < place_.farm;
      answer_request(rank, is_over ? farm_stop : farm_request);
      if (is_over || !worker(rank).gone) continue;
      // It may ask before the loss of the one before it is known here.
      for (int before = rank - world().size(); before > 0; before -= world().size()) forget(before);
      worker(rank) = {};
      hear_of(rank);
      report(true);
    }
  }

  void answer_request(int rank, std::uint64_t answer) {
    try {
      auto message = std::make_shared<FarmBytes>(write_farm_message(run_, answer, {}));
      send_farm_message(comm_, std::move(message), farm_request_type(), rank, farm_request_tag);
    } catch (const Error&) {  // lost again
    }
  }

  // So that its loss would be noticed.
  void hear_of(int rank) {
    state_of(comm_).add_source(rank);
    // One that has met a message is through before long, and the next one knows.
    if (incoming_.active() && incoming_.cancel()) incoming_ = {};
  }

  // Its number as the caller of the farm knows it.
  int told_as(int rank) const { return place_.takes_back ? comm_.world_rank(rank) : rank; }

  // --- losses

  void take_losses(const std::vector<int>& lost) {
    for (const int rank : lost) {
      while (receive_last(rank)) accept(rank);
      forget(rank);
    }
    report(true);
  }

  // Those that have not been lost have finished, without the farm.
  void all_have_left() {
    for (int rank = 1; rank < comm_.size(); ++rank) forget(rank);
  }

  void forget(int rank) {
    Worker& gone = worker(rank);
    gone.gone = true;
    gone.sends.clear();
    for (const std::uint64_t number : gone.held) {
      const auto task = tasks_.find(number);
      if (task == tasks_.end()) continue;
      std::erase(task->second.holders, rank);
      if (task->second.holders.empty()) given_back_.push_back(number);
    }
    gone.held.clear();
  }

  // One task by this rank itself; false if there is none left.
  bool work_once() {
    const auto task = next_task();
    if (task == tasks_.end()) return false;
    const std::uint64_t number = task->first;
    const auto message = std::move(task->second.message);
    tasks_.erase(task);
    hand_over(number, calls_.work(std::span(*message).subspan(farm_header_bytes)), 0);
    return true;
  }

  // --- the end

  void stop_workers() noexcept {
    for (int rank = 1; rank < comm_.size(); ++rank) {
      if (!worker(rank).gone) send_stop(rank);
    }
    try {
      world().wait_and_flush([] { return true; }, patience_with_stops, WaitingBesides("farm"));
    } catch (const Error&) {  // the next call will say it
    }
  }

  void send_stop(int rank) noexcept {
    try {
      auto message = std::make_shared<FarmBytes>(write_farm_message(run_, farm_stop, {}));
      send_farm_message(comm_, std::move(message), types_.task, rank, options_.tag);
    } catch (const Error&) {  // it has gone, and needs none
    }
  }

  FarmProgress report(bool now) {
    const auto at = Clock::now();
    if (!now && (!options_.on_progress || at - reported_ < options_.progress_interval)) return {};
    reported_ = at;
    FarmProgress progress;
    progress.done = done_;
    progress.total = options_.total;
    progress.seconds = Seconds(at - begun_).count();
    progress.workers = living();
    for (int rank = world().size(); place_.takes_back && rank < comm_.size(); ++rank) {
      if (!worker(rank).gone) progress.returned.push_back(told_as(rank));
    }
    std::sort(progress.returned.begin(), progress.returned.end());
    for (const int rank : comm_.lost()) {
      const int lost = told_as(rank);
      if (contains(progress.returned, lost) || contains(progress.lost, lost)) continue;
      progress.lost.push_back(lost);
      const std::string host = comm_.host(rank);
      if (!contains(progress.lost_hosts, host)) progress.lost_hosts.push_back(host);
    }
    std::sort(progress.lost.begin(), progress.lost.end());
    if (options_.on_progress) options_.on_progress(progress);
    return progress;
  }

  const FarmPlace place_;
  const Communicator& comm_;
  const FarmOptions& options_;
  const FarmTypes& types_;
  const FarmCalls& calls_;
  // Tells its messages from those of runs before.
  const std::uint64_t run_ = security::random_u64();

  std::vector<Worker> workers_;  // by rank; the master's own place is never used
  Tasks tasks_;
  std::deque<std::uint64_t> given_back_;
  std::uint64_t asked_for_ = 0;
  bool exhausted_ = false;
  FarmBytes received_;
  Request incoming_;  // into received_

  std::uint64_t done_ = 0;
  std::int64_t answers_ = 0;
  Clock::duration waited_for_answers_{};
  const Clock::time_point begun_ = Clock::now();
  Clock::time_point reported_ = begun_;
};

}  // namespace

FarmProgress direct_farm(const Communicator& comm, const FarmOptions& options,
                         const FarmTypes& types, const FarmCalls& calls) {
  FarmPlace place = farm_place(comm);
  // The others work for its first start, or have left the farm because that is gone.
  if (place.takes_back && state_of(comm).world().incarnation() > 0) {
    throw Error(
        Errc::peer_lost,
        "rank 0 was lost, and the tasks and results of its farms with it: started again it "
        "cannot go on with a farm of env.world(); env.restore() makes a communicator of all "
        "that are there, for a new one",
        0, {0});
  }
  return Master(std::move(place), options, types, calls).run();
}

}  // namespace prun::detail
