// How the other ranks serve the master of a farm.
#include <array>
#include <deque>
#include <memory>
#include <utility>

#include "runtime/comm/comm_state.hpp"
#include "runtime/comm/farm_messages.hpp"

namespace prun::detail {
namespace {

class Server {
 public:
  Server(const FarmPlace& place, const FarmOptions& options, const FarmTypes& types,
         const FarmCalls& calls)
      : comm_(place.comm), options_(options), types_(types), calls_(calls) {
    // The master does not know of this rank otherwise.
    over_ =
        place.takes_back && state_of(comm_).world().incarnation() > 0 && !ask_for_work(place.farm);
    if (!over_) listen();
  }

  void run() {
    while (!over_ && take_in()) {
      const FarmBytes bytes = std::move(waiting_.front());
      waiting_.pop_front();
      const FarmMessage task = read_farm_message(bytes, 0);
      const FarmBytes result = calls_.work(task.content);
      // A run that has ended meanwhile wants no more results.
      while (requests_[in].test()) {
        if (!keep()) return;
      }
      if (!answer(write_farm_message(task.run, task.number, result))) return;
    }
  }

 private:
  static constexpr std::size_t in = 0;
  static constexpr std::size_t out = 1;

  // False if that farm is over.
  bool ask_for_work(std::uint64_t farm) {
    auto request = std::make_shared<FarmBytes>(write_farm_message(farm, farm_request, {}));
    send_farm_message(comm_, std::move(request), farm_request_type(), 0, farm_request_tag).wait();
    FarmBytes answer;
    receive_farm_message(comm_, answer, farm_request_type(), 0, farm_request_tag).wait();
    return read_farm_message(answer, 0).number == farm_request;
  }

  void listen() {
    requests_[in] = receive_farm_message(comm_, received_, types_.task, 0, options_.tag);
  }

  // What has been received; false when it was the end.
  bool keep() {
    if (read_farm_message(received_, 0).number == farm_stop) return false;
    waiting_.push_back(std::move(received_));
    received_.clear();
    listen();
    return true;
  }

  // All that has come, and at least one task; false at the end of the run.
  bool take_in() {
    for (;;) {
      if (waiting_.empty()) {
        requests_[in].wait();
      } else if (!requests_[in].test()) {
        return true;
      }
      if (!keep()) return false;
    }
  }

  // Until the result is on its way, or the run at its end. In between the next task may come, which
  // the master may have to get rid of before it takes a long result.
  bool answer(FarmBytes result) {
    requests_[out] = send_farm_message(comm_, std::make_shared<FarmBytes>(std::move(result)),
                                       types_.result, 0, options_.tag + 1);
    while (requests_[out].active()) {
      if (wait_any(requests_).index == in && !keep()) return false;
    }
    const CommState& comm = state_of(comm_);
    comm.world().wait_and_flush([] { return true; }, {}, WaitingBesides("farm"),
                                comm.world_rank(0));
    return true;
  }

  const Communicator comm_;
  const FarmOptions& options_;
  const FarmTypes& types_;
  const FarmCalls& calls_;
  std::deque<FarmBytes> waiting_;
  FarmBytes received_;
  std::array<Request, 2> requests_;
  bool over_ = false;
};

}  // namespace

void serve_farm(const Communicator& comm, const FarmOptions& options, const FarmTypes& types,
                const FarmCalls& calls) {
  const FarmPlace place = farm_place(comm);
  try {
    Server(place, options, types, calls).run();
  } catch (const Error& error) {
    // It came back so late that there is nobody left to ask.
    const bool returned = place.takes_back && state_of(comm).world().incarnation() > 0;
    if (!returned || error.code() != Errc::peer_finished) throw;
  }
}

}  // namespace prun::detail
