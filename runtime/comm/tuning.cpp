#include <prun/detail/tuning.hpp>

#include <algorithm>

#include "runtime/coll/selector.hpp"
#include "runtime/comm/pending.hpp"

namespace prun::detail {

CommState& state_of(const Communicator& comm) {
  return comm.state();
}

namespace {

LinkFigures figures_of(const coll::Link& link) {
  return {static_cast<double>(link.latency) * 1e-9, 1e12 / static_cast<double>(link.byte_ps)};
}

coll::LinkModel links_of(CommState& comm) {
  comm.world().check_usable();
  if (comm.link_state().stage() != coll::LinkState::Stage::known && comm.size() > 1) {
    EnteredCall call;
    call.name = "measuring the links";
    coll::Task task = coll::learn_links(comm.enter(call), comm.basis());
    PendingCollective pending(comm.shared_from_this(), call, std::move(task));
    wait_for(pending, {}, {});
    pending.result();
  }
  return comm.link_state().links();
}

}  // namespace

LinkTable link_table(const Communicator& handle) {
  CommState& comm = state_of(handle);
  const coll::LinkModel links = links_of(comm);
  return {comm.host_map().count() > 1, comm.host_map().most_on_one() > 1,
          figures_of(links.between_hosts), figures_of(links.within_host)};
}

Explanation explain(const Communicator& handle, std::string_view operation, std::size_t bytes) {
  CommState& comm = state_of(handle);
  const auto found =
      std::find(coll::operation_names.begin(), coll::operation_names.end(), operation);
  if (found == coll::operation_names.end()) {
    throw Error(Errc::invalid_argument,
                "there is no collective of the name " + std::string(operation));
  }
  coll::Situation situation;
  situation.ranks = comm.size();
  situation.hosts = comm.host_map().count();
  situation.per_host = comm.host_map().most_on_one();
  situation.bytes = bytes;
  situation.links = links_of(comm);
  const auto predicted =
      coll::predict(static_cast<coll::Operation>(found - coll::operation_names.begin()), situation,
                    comm.world().tuning());
  if (!predicted) predicted.failure().raise();
  const coll::Prediction& prediction = predicted.value();
  return {std::string(prediction.algorithm), prediction.segment_bytes,
          static_cast<double>(prediction.cost) * 1e-9};
}

}  // namespace prun::detail
