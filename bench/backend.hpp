#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace prun::bench {

using Bytes = std::span<std::byte>;
using ConstBytes = std::span<const std::byte>;
using Floats = std::span<float>;
using ConstFloats = std::span<const float>;

// The message passing under test, as thin as it can be: all operations are written against this,
// and each program links one implementation of it (backend_prun.cpp, or backend_mpi.cpp against one
// MPI), so that the same steps are measured everywhere.
//
// Made once, first thing in main: it joins the job, and leaves it when destroyed. One thread.
// Failures throw std::runtime_error, or end the job where an MPI does that by itself.
class Backend {
 public:
  Backend(int& argc, char**& argv);
  ~Backend();
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;

  // "prun", "mpich", "openmpi", and the version of the library.
  static std::string_view implementation();
  static std::string version();

  int rank() const { return rank_; }
  int size() const { return size_; }
  // The name of the host this rank runs on.
  std::string host() const;

  void send(ConstBytes data, int dest);
  void recv(Bytes into, int source);

  // A started operation is known by its number until wait_all, which ends all of them.
  using RequestId = std::size_t;
  RequestId isend(ConstBytes data, int dest, int tag = 0);
  RequestId irecv(Bytes into, int source, int tag = 0);
  bool test(RequestId id);
  void wait_all();

  void barrier();
  void bcast(Bytes data, int root);
  // Sums of floats, as the OSU benchmarks do.
  void reduce(ConstFloats mine, Floats result, int root);
  void allreduce(ConstFloats mine, Floats result);
  // Rank i gets the part of counts[i] elements; counts are the same on every rank.
  void reduce_scatter(ConstFloats all, Floats mine, std::span<const std::size_t> counts);
  void scan(ConstFloats mine, Floats result);
  // Equal parts of mine.size() bytes.
  void allgather(ConstBytes mine, Bytes all);
  void alltoall(ConstBytes all, Bytes received);
  void scatter(ConstBytes all, Bytes mine, int root);
  void gather(ConstBytes mine, Bytes all, int root);

  // How the library would do a collective on so many bytes, and how long it believes that takes;
  // nothing where it does not say. All ranks ask.
  struct Explanation {
    std::string algorithm;
    double predicted_seconds = 0;
  };
  std::optional<Explanation> explain(std::string_view operation, std::uint64_t bytes);

  // Ends the job on every host with that exit status.
  [[noreturn]] void abort(int exit_status);

 private:
  struct State;
  std::unique_ptr<State> state_;
  int rank_ = 0;
  int size_ = 1;
};

}  // namespace prun::bench
