#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <prun/buffer.hpp>
#include <prun/communicator.hpp>

namespace prun {

// How far a Farm has come. Ranks are those of its communicator.
struct FarmProgress {
  std::uint64_t done = 0;              // results that have been handed over
  std::optional<std::uint64_t> total;  // tasks, where that is known beforehand
  double seconds = 0;                  // since run() was called
  int workers = 0;        // ranks left that work for the master; with none it works by itself
  std::vector<int> lost;  // ranks lost so far, and not back
  std::vector<std::string> lost_hosts;  // their hosts, each once
  std::vector<int> returned;            // ranks that were started again and work for the master

  // Tasks a second.
  double rate() const { return seconds > 0 ? static_cast<double>(done) / seconds : 0; }
};

// How a Farm works. The same on every rank; all but the tag matters at rank 0 only.
struct FarmOptions {
  // Tasks that a rank holds at most: the one it works on, and those that lie ready when it is done,
  // so that nobody waits for the wire. More helps where tasks are shorter than a round trip.
  int window = 2;
  // Messages of the farm have this tag and the next.
  int tag = 0x7fff'0000;
  // For FarmProgress. Ranges that know their size need not be told.
  std::optional<std::uint64_t> total;
  // Called at rank 0, by run(): at results, `progress_interval` apart at least, at every loss, and
  // at the end.
  std::function<void(const FarmProgress&)> on_progress;
  std::chrono::milliseconds progress_interval{200};
};

namespace detail {

// The farm with its types taken off: runtime/comm/farm_*.cpp.
using FarmBytes = std::vector<std::byte>;
struct FarmCalls {
  std::function<std::optional<FarmBytes>()> next;
  std::function<FarmBytes(std::span<const std::byte> task)> work;
  std::function<void(std::uint64_t number, std::span<const std::byte> result, int rank)> take;
};
// What tasks and results are, so that a farm of another type is noticed.
struct FarmTypes {
  Datatype task;
  Datatype result;
};
FarmProgress direct_farm(const Communicator& comm, const FarmOptions& options,
                         const FarmTypes& types, const FarmCalls& calls);
void serve_farm(const Communicator& comm, const FarmOptions& options, const FarmTypes& types,
                const FarmCalls& calls);

// Puts a message into a place as a receive would.
void unpack_plain(const RecvBuffer& place, std::span<const std::byte> bytes);
// Of a message of elements that travels as bytes.
Datatype as_bytes_of(const Datatype& element);

template <class T>
Datatype farm_type() {
  if constexpr (Plain<T>) {
    return as_bytes_of(datatype_of<element_of_t<T>>());
  } else {
    return Packer<T>::datatype();
  }
}

template <class T>
FarmBytes farm_pack(const T& value) {
  if constexpr (Plain<T>) {
    const SendBuffer buffer = send_buffer(value);
    return FarmBytes(buffer.data, buffer.data + buffer.bytes());
  } else {
    return Packer<T>::pack(value);
  }
}

template <class T>
T farm_unpack(std::span<const std::byte> bytes) {
  if constexpr (PlainTarget<T>) {
    T value{};
    unpack_plain(recv_buffer(value), bytes);
    return value;
  } else {
    return Packer<T>::unpack(bytes);
  }
}

// What travels in a farm: what can be sent, and owns what it consists of.
template <class T>
concept Farmable =
    Sendable<T> && Receivable<T> && !std::ranges::view<T> && std::default_initializable<T>;

// Where tasks come from: a range of them, or a call that gives the next one until it gives none.
template <class Tasks, class Task>
concept TaskCall = requires(Tasks& tasks) {
  { tasks() } -> std::convertible_to<std::optional<Task>>;
};
template <class Tasks, class Task>
concept TaskRange = std::ranges::input_range<Tasks> &&
    std::convertible_to<std::ranges::range_reference_t<Tasks>, Task>;

}  // namespace detail

// A task farm: rank 0, the master, hands out tasks, the other ranks work and send back results, and
// every task has its result exactly once, also when ranks are lost (prun --on-failure=continue).
//
//   prun::Farm<Range, std::uint64_t> farm(world, [](const Range& r) { return primes_in(r); });
//   std::uint64_t sum = 0;
//   farm.run(ranges, [&](std::uint64_t number, std::uint64_t primes, int rank) { sum += primes; });
//
// Every rank of the communicator makes the Farm and calls run() or collect(). What these are given
// matters at rank 0 only; elsewhere they work until rank 0 has all results, and then return. Making
// it sends nothing. Task and Result are types that could be sent: elements, vectors and strings of
// them, and with <prun/serialize.hpp> whatever cereal can serialize; not views.
//
// Who gets what. Each rank holds up to FarmOptions::window tasks and gets the next when it has
// answered, so a slow rank gets fewer. At the end, tasks that a rank has held for more than twice
// the usual time are given to one that has nothing to do as well: the first result counts, the
// other is dropped. So `work` may run twice for the same task, on two ranks, and should change
// nothing outside the farm. A rank that has begun on a task finishes it before it returns.
//
// Losses. What a lost rank held is handed out again, unless its result had arrived completely. When
// no other rank is left, or there never was one, the master works by itself; until then it does
// not, so give its host a second rank (-H rpi1:2,rpi2,rpi3) to have all processors work. If rank 0 is
// lost, run() throws peer_lost elsewhere, and with prun --restart also in what is started in its
// place: tasks and results are gone. A new farm, on restore(), may follow. Without --on-failure=continue any loss ends the job. After run() the master has
// acknowledged the losses that it has met (Communicator::acknowledge_lost). Collectives of a
// communicator that has lost a rank do not work: continue with survivors().
//
// Returns. With prun --restart a farm of env.world() takes ranks in again that were lost and started
// again, if they call the farms of the program in the same order as everybody.
//
// Errors. What `take`, the source of the tasks, or at the master `work` throws leaves run() there,
// and the other ranks return from it. What `work` throws elsewhere leaves run() on that rank, which
// must not go on with the farm: let it end. With --on-failure=continue its tasks go to others then,
// also the one that it threw for. A rank must not call survivors() while others are in the farm.
//
// Memory at the master: `window` tasks for each rank, however many there are in all. A result of the
// second kind may come after run() has returned and stays unreceived under the farm's second tag
// until the next run: do not receive with any_tag on this communicator, or give the farm a dup().
//
// One thread; several farms on a communicator one after the other, in the same order on every rank.
template <detail::Farmable Task, detail::Farmable Result>
class Farm {
 public:
  using Work = std::function<Result(const Task&)>;

  Farm(Communicator comm, Work work, FarmOptions options = {})
      : comm_(std::move(comm)), work_(std::move(work)), options_(std::move(options)) {}

  // Works on all tasks. `tasks` is a range, or a call that gives std::optional<Task>, nothing after
  // the last; it is asked for one task when that can be handed out. Tasks are numbered from 0 in
  // that order. take(number, result, rank) is called at rank 0 for each task once, in the order in
  // which results arrive, with the rank that has found it. What is returned at rank 0 is how it
  // ended, elsewhere nothing of use.
  template <class Tasks, std::invocable<std::uint64_t, Result, int> Take>
  requires(detail::TaskCall<Tasks, Task> || detail::TaskRange<Tasks, Task>) FarmProgress
      run(Tasks&& tasks, Take take) {
    detail::FarmCalls calls;
    calls.work = [this](std::span<const std::byte> task) {
      return detail::farm_pack<Result>(work_(detail::farm_unpack<Task>(task)));
    };
    const detail::FarmTypes types{detail::farm_type<Task>(), detail::farm_type<Result>()};
    if (comm_.rank() != 0) {
      detail::serve_farm(comm_, options_, types, calls);
      return {};
    }
    FarmOptions options = options_;
    if constexpr (detail::TaskCall<Tasks, Task>) {
      calls.next = [&tasks] { return packed(std::optional<Task>(tasks())); };
    } else {
      if constexpr (std::ranges::sized_range<Tasks>)
        options.total = static_cast<std::uint64_t>(std::ranges::size(tasks));
      calls.next = [at = std::optional<std::ranges::iterator_t<Tasks>>(), &tasks]() mutable {
        // The first is looked for when it is wanted, the next likewise: ranges may be lazy.
        if (at) {
          ++*at;
        } else {
          at.emplace(std::ranges::begin(tasks));
        }
        return *at == std::ranges::end(tasks) ? std::nullopt : packed(std::optional<Task>(**at));
      };
    }
    calls.take = [&take](std::uint64_t number, std::span<const std::byte> result, int rank) {
      take(number, detail::farm_unpack<Result>(result), rank);
    };
    return detail::direct_farm(comm_, options, types, calls);
  }

  // The same; at rank 0 all results in the order of their tasks, elsewhere nothing.
  template <class Tasks>
  std::vector<Result> collect(Tasks&& tasks) {
    std::vector<std::optional<Result>> found;
    run(std::forward<Tasks>(tasks), [&](std::uint64_t number, Result result, int) {
      const auto index = static_cast<std::size_t>(number);
      if (index >= found.size()) found.resize(index + 1);
      found[index] = std::move(result);
    });
    std::vector<Result> results;
    results.reserve(found.size());
    for (std::optional<Result>& result : found) results.push_back(*std::move(result));
    return results;
  }

 private:
  static std::optional<detail::FarmBytes> packed(const std::optional<Task>& task) {
    if (!task) return std::nullopt;
    return detail::farm_pack<Task>(*task);
  }

  Communicator comm_;
  Work work_;
  FarmOptions options_;
};

}  // namespace prun
