// The C interface only: the C++ one is gone from newer MPIs.
#define MPICH_SKIP_MPICXX 1
#define OMPI_SKIP_MPICXX 1
#include <mpi.h>

#include <array>
#include <cstdlib>
#include <stdexcept>
#include <vector>

#include "bench/backend.hpp"

namespace prun::bench {

// An error in an MPI call ends the whole job by itself (MPI_ERRORS_ARE_FATAL is the default), so
// return codes are not looked at.
struct Backend::State {
  State(int& argc, char**& argv) { MPI_Init(&argc, &argv); }
  ~State() { MPI_Finalize(); }

  std::vector<MPI_Request> requests;
  std::vector<int> counts;
};

namespace {

// Messages stay below 1 GiB (see settings.cpp), so an int holds their length.
template <class T>
int count_of(std::span<T> data) {
  return static_cast<int>(data.size());
}

}  // namespace

Backend::Backend(int& argc, char**& argv) : state_(std::make_unique<State>(argc, argv)) {
  MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
  MPI_Comm_size(MPI_COMM_WORLD, &size_);
}

Backend::~Backend() = default;

#if defined(MPICH_VERSION)
std::string_view Backend::implementation() {
  return "mpich";
}
std::string Backend::version() {
  return MPICH_VERSION;
}
#elif defined(OMPI_MAJOR_VERSION)
std::string_view Backend::implementation() {
  return "openmpi";
}
std::string Backend::version() {
  return std::to_string(OMPI_MAJOR_VERSION) + "." + std::to_string(OMPI_MINOR_VERSION) + "." +
         std::to_string(OMPI_RELEASE_VERSION);
}
#else
#error "mpi.h is neither of MPICH nor of Open MPI"
#endif

std::string Backend::host() const {
  std::array<char, MPI_MAX_PROCESSOR_NAME> name{};
  int length = 0;
  MPI_Get_processor_name(name.data(), &length);
  return std::string(name.data(), static_cast<std::size_t>(length));
}

void Backend::send(ConstBytes data, int dest) {
  MPI_Send(data.data(), count_of(data), MPI_BYTE, dest, 0, MPI_COMM_WORLD);
}
void Backend::recv(Bytes into, int source) {
  MPI_Recv(into.data(), count_of(into), MPI_BYTE, source, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
}

Backend::RequestId Backend::isend(ConstBytes data, int dest, int tag) {
  state_->requests.emplace_back();
  MPI_Isend(data.data(), count_of(data), MPI_BYTE, dest, tag, MPI_COMM_WORLD,
            &state_->requests.back());
  return state_->requests.size() - 1;
}

Backend::RequestId Backend::irecv(Bytes into, int source, int tag) {
  state_->requests.emplace_back();
  MPI_Irecv(into.data(), count_of(into), MPI_BYTE, source, tag, MPI_COMM_WORLD,
            &state_->requests.back());
  return state_->requests.size() - 1;
}

bool Backend::test(RequestId id) {
  int done = 0;
  MPI_Test(&state_->requests[id], &done, MPI_STATUS_IGNORE);
  return done != 0;
}

void Backend::wait_all() {
  MPI_Waitall(static_cast<int>(state_->requests.size()), state_->requests.data(),
              MPI_STATUSES_IGNORE);
  state_->requests.clear();
}

void Backend::barrier() {
  MPI_Barrier(MPI_COMM_WORLD);
}
void Backend::bcast(Bytes data, int root) {
  MPI_Bcast(data.data(), count_of(data), MPI_BYTE, root, MPI_COMM_WORLD);
}

void Backend::reduce(ConstFloats mine, Floats result, int root) {
  MPI_Reduce(mine.data(), result.data(), count_of(mine), MPI_FLOAT, MPI_SUM, root, MPI_COMM_WORLD);
}
void Backend::allreduce(ConstFloats mine, Floats result) {
  MPI_Allreduce(mine.data(), result.data(), count_of(mine), MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
}
void Backend::reduce_scatter(ConstFloats all, Floats mine, std::span<const std::size_t> counts) {
  state_->counts.assign(counts.size(), 0);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    state_->counts[i] = static_cast<int>(counts[i]);
  }
  MPI_Reduce_scatter(all.data(), mine.data(), state_->counts.data(), MPI_FLOAT, MPI_SUM,
                     MPI_COMM_WORLD);
}
void Backend::scan(ConstFloats mine, Floats result) {
  MPI_Scan(mine.data(), result.data(), count_of(mine), MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
}

void Backend::allgather(ConstBytes mine, Bytes all) {
  MPI_Allgather(mine.data(), count_of(mine), MPI_BYTE, all.data(), count_of(mine), MPI_BYTE,
                MPI_COMM_WORLD);
}
void Backend::alltoall(ConstBytes all, Bytes received) {
  const int part = static_cast<int>(all.size() / static_cast<std::size_t>(size_));
  MPI_Alltoall(all.data(), part, MPI_BYTE, received.data(), part, MPI_BYTE, MPI_COMM_WORLD);
}
void Backend::scatter(ConstBytes all, Bytes mine, int root) {
  MPI_Scatter(all.data(), count_of(mine), MPI_BYTE, mine.data(), count_of(mine), MPI_BYTE, root,
              MPI_COMM_WORLD);
}
void Backend::gather(ConstBytes mine, Bytes all, int root) {
  MPI_Gather(mine.data(), count_of(mine), MPI_BYTE, all.data(), count_of(mine), MPI_BYTE, root,
             MPI_COMM_WORLD);
}

std::optional<Backend::Explanation> Backend::explain(std::string_view, std::uint64_t) {
  return std::nullopt;
}

void Backend::abort(int exit_status) {
  MPI_Abort(MPI_COMM_WORLD, exit_status);
  std::abort();
}

}  // namespace prun::bench
