#include <functional>
#include <vector>

#include <prun/detail/tuning.hpp>
#include <prun/prun.hpp>

#include "bench/backend.hpp"

namespace prun::bench {

struct Backend::State {
  State(int& argc, char**& argv) : environment(argc, argv), world(environment.world()) {}

  Environment environment;
  Communicator& world;
  std::vector<Request> requests;
};

Backend::Backend(int& argc, char**& argv) : state_(std::make_unique<State>(argc, argv)) {
  rank_ = state_->world.rank();
  size_ = state_->world.size();
}

Backend::~Backend() = default;

std::string_view Backend::implementation() {
  return "prun";
}
std::string Backend::version() {
  return PRUN_VERSION_STRING;
}
std::string Backend::host() const {
  return state_->world.host();
}

void Backend::send(ConstBytes data, int dest) {
  state_->world.send(data, dest);
}
void Backend::recv(Bytes into, int source) {
  state_->world.recv(into, source, 0);
}

Backend::RequestId Backend::isend(ConstBytes data, int dest, int tag) {
  state_->requests.push_back(state_->world.isend(data, dest, tag));
  return state_->requests.size() - 1;
}

Backend::RequestId Backend::irecv(Bytes into, int source, int tag) {
  state_->requests.push_back(state_->world.irecv(into, source, tag));
  return state_->requests.size() - 1;
}

bool Backend::test(RequestId id) {
  Request& request = state_->requests[id];
  return !request.active() || request.test().has_value();
}

void Backend::wait_all() {
  prun::wait_all(state_->requests);
  state_->requests.clear();
}

void Backend::barrier() {
  state_->world.barrier();
}
void Backend::bcast(Bytes data, int root) {
  state_->world.bcast(data, root);
}

void Backend::reduce(ConstFloats mine, Floats result, int root) {
  state_->world.reduce(mine, result, std::plus<float>{}, root);
}
void Backend::allreduce(ConstFloats mine, Floats result) {
  state_->world.allreduce(mine, result, std::plus<float>{});
}
void Backend::reduce_scatter(ConstFloats all, Floats mine, std::span<const std::size_t> counts) {
  state_->world.reduce_scatter(all, mine, std::plus<float>{}, counts);
}
void Backend::scan(ConstFloats mine, Floats result) {
  state_->world.scan(mine, result, std::plus<float>{});
}

void Backend::allgather(ConstBytes mine, Bytes all) {
  state_->world.allgather(mine, all);
}
void Backend::alltoall(ConstBytes all, Bytes received) {
  state_->world.alltoall(all, received);
}
void Backend::scatter(ConstBytes all, Bytes mine, int root) {
  state_->world.scatter(all, mine, root);
}
void Backend::gather(ConstBytes mine, Bytes all, int root) {
  state_->world.gather(mine, all, root);
}

std::optional<Backend::Explanation> Backend::explain(std::string_view operation,
                                                     std::uint64_t bytes) {
  const auto explained = detail::explain(state_->world, operation, static_cast<std::size_t>(bytes));
  return Explanation{explained.algorithm, explained.predicted_seconds};
}

void Backend::abort(int exit_status) {
  state_->environment.abort(exit_status);
}

}  // namespace prun::bench
