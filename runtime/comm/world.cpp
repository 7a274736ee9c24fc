#include "runtime/comm/world.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "runtime/comm/quiet_end.hpp"
#include "runtime/comm/rank_state.hpp"

namespace prun::detail {
namespace {

// What PRUN_LINK says, in the selector's units.
coll::LinkModel links_of(const core::Config::LinkFigures& figures) {
  coll::LinkModel links;
  links.between_hosts = {static_cast<std::int64_t>(figures.latency_us * 1000.0),
                         static_cast<std::int64_t>(8e6 / figures.megabits_per_second)};
  return links;
}

// Takes over the algorithms that the environment names.
coll::Tuning make_tuning(const core::Config& config) {
  coll::Tuning tuning;
  for (const auto& [operation, algorithm] : config.algorithms) {
    const auto found =
        std::find(coll::operation_names.begin(), coll::operation_names.end(), operation);
    if (found == coll::operation_names.end()) {
      std::string known;
      for (const std::string_view name : coll::operation_names)
        known += (known.empty() ? "" : ", ") + std::string(name);
      throw Error(Errc::invalid_argument,
                  "an environment variable PRUN_COLL_... names the collective '" + operation +
                      "', which there is not; there are: " + known);
    }
    tuning.forced[static_cast<std::size_t>(found - coll::operation_names.begin())] = algorithm;
  }
  if (const auto checked = coll::check(tuning); !checked) checked.failure().raise();
  if (config.link) tuning.links = links_of(*config.link);
  if (config.eager_bytes) tuning.eager_bytes = *config.eager_bytes;
  return tuning;
}

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// A wait spins this long where each rank of the host has a core of its own: about two round trips
// of a small message on an idle 100 Mbit/s network with its interrupt latency, and less than waking
// up costs a small board.
constexpr microseconds spin_with_own_core{50};

// Where ranks outnumber cores it yields its core for so long, several turns of all of them: a
// barrier of 8 ranks on 2 cores takes 20 to 45 us this way and 135 with sleeps.
constexpr microseconds yield_when_crowded{200};

// A blocked rank on whose connections nothing has moved for this long takes large messages in ahead
// of their receive.
constexpr milliseconds quiet_before_taking_in{1};

// How long a broken connection waits for the launcher to say what happened to the peer. The
// launcher learns of a death within milliseconds; this is for a loaded machine.
constexpr milliseconds patience_with_launcher{2000};

// A rank that has left in good order has handed everything to our kernel: this is for us to read
// it.
constexpr milliseconds time_for_last_words{200};

// The same for a rank that is lost: its kernel goes on sending, or its host has gone dark.
constexpr milliseconds last_words_at_most{1000};
constexpr milliseconds between_looks_at_last_words{10};

std::string own_host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "localhost";
  return name.data();
}

}  // namespace

// --- joining
// ---------------------------------------------------------------------------------------------------------------

std::shared_ptr<World> World::join() {
  auto config = core::Config::from_environment();
  if (!config) config.failure().raise();
  std::shared_ptr<World> world(new World(config.value()));
  return world;
}

World::World(const core::Config& config) {
  if (config.agent_descriptor) {
    auto channel = bootstrap::RankChannel::join(io_, *config.agent_descriptor);
    if (!channel) channel.failure().raise();
    enter(std::move(channel).value(), config);
    return;
  }
  if (const auto launcher = core::foreign_launcher()) {
    throw Error(Errc::not_prun,
                "this program uses prun but was started by " + *launcher +
                    ": every process would be rank 0 of 1; start it with `prun -n N PROGRAM`");
  }
  be_alone();
  make_endpoint(config);
}

void World::be_alone() {
  map_.hosts = {{own_host_name(), {}}};
  map_.host_of_rank = {0};
}

void World::enter(std::unique_ptr<bootstrap::RankChannel> channel, const core::Config& config) {
  channel_ = std::move(channel);
  const bootstrap::Welcome& welcome = channel_->welcome();
  map_ = welcome.map;
  rank_ = static_cast<WorldRank>(welcome.rank);
  ports_.assign(map_.processes(), 0);
  const auto here =
      std::count(map_.host_of_rank.begin(), map_.host_of_rank.end(), host_index(rank_));
  crowded_ = static_cast<std::uint64_t>(here) > welcome.cores;
  goes_on_ = welcome.on_failure == core::OnFailure::go_on;
  spin_ = crowded_ ? yield_when_crowded : spin_with_own_core;
  make_endpoint(config);
  if (map_.size() > 1) {
    transport::TcpTransport::Settings settings;
    settings.key = welcome.key;
    settings.job_id = map_.job_id;
    settings.self = rank_;
    settings.size = processes();
    settings.bind_address = welcome.bind_address;
    settings.ports = welcome.ports;
    settings.turn = static_cast<std::uint32_t>(std::count(
        map_.host_of_rank.begin(), map_.host_of_rank.begin() + rank_of(rank_), host_index(rank_)));
    settings.compression = welcome.compression;
    settings.pacing = config.pacing;
    settings.encrypt = welcome.encrypt;
    auto tcp = transport::TcpTransport::open(io_, settings, *endpoint_,
                                             [this](WorldRank peer) { return locate(peer); });
    if (!tcp) {
      throw Error(tcp.failure().code, name(rank_) + " cannot take part: " + tcp.failure().text);
    }
    tcp_ = std::move(tcp).value();
    channel_->announce_port(tcp_->port());
  }
  if (welcome.shared_memory >= 0) {
    transport::ShmTransport::Settings settings;
    settings.descriptor = welcome.shared_memory;
    settings.job_id = map_.job_id;
    settings.self = rank_;
    for (WorldRank rank = 0; rank < size(); ++rank) {
      if (host_index(rank) == host_index(rank_)) settings.ranks.push_back(rank);
    }
    settings.single_copy = config.single_copy;
    settings.agent = channel_->agent_process();
    auto shm = transport::ShmTransport::open(io_, settings, *endpoint_);
    if (!shm) {
      throw Error(shm.failure().code, name(rank_) + " cannot take part: " + shm.failure().text +
                                          "; PRUN_SHM=off does without");
    }
    shm_ = std::move(shm).value();
  }
  end_quietly_when_the_job_does();
  sleep_.listen(*channel_, [this](bootstrap::RankState& state) { describe(*this, state); });
  channel_->listen(
      {[this](const bootstrap::Endpoints& message) { on_endpoints(message); },
       [this](const bootstrap::PeerLost& message) { on_peer_lost(message); },
       [this] { clock_ready_ = true; },
       [this](const bootstrap::SurvivorsAsked& message) {
         sleep_.on_news();
         after_losses([this, message] { membership_->asked(message); });
       },
       [this](const bootstrap::SurvivorsAgreed& message) {
         sleep_.on_news();
         after_losses([this, message] { membership_->agreed(message); });
       },
       [this](const bootstrap::HangQuestion& question) { sleep_.on_question(question); },
       [this] {
         sleep_.on_news();
         launcher_gone_ = true;
       }});
}

void World::make_endpoint(const core::Config& config) {
  if (config.spin) spin_ = *config.spin;
  tuning_ = make_tuning(config);
  p2p::Limits limits;
  if (config.eager_bytes) limits.eager_bytes = *config.eager_bytes;
  if (config.unexpected_bytes) limits.unexpected_bytes = *config.unexpected_bytes;
  endpoint_ = std::make_unique<p2p::Endpoint>(
      limits,
      [this](WorldRank peer) -> transport::Transport& {
        if (peer == rank_) return *self_;
        if (auto* shm = shm_to(peer)) return *shm;
        return *tcp_;
      },
      [this](WorldRank peer, bool orderly, const std::string& cause) {
        on_disconnect(peer, orderly, cause);
      },
      [this](WorldRank peer) { return name(peer); });
  self_ = std::make_unique<transport::SelfTransport>(*endpoint_, rank_);
  Membership::Ask ask;
  if (channel_) {
    ask = [this](const bootstrap::SurvivorsAsked& message) { channel_->ask_survivors(message); };
  }
  membership_ = std::make_unique<Membership>(
      rank_, processes(), *endpoint_, [this](WorldRank peer) { return name(peer); },
      std::move(ask));
}

World::~World() {
  // Operations that outlive their Environment may still be withdrawn below; they need the
  // transports until then.
  endpoint_.reset();
}

// --- who is who
// ------------------------------------------------------------------------------------------------------------

const std::string& World::host_of(WorldRank rank) const {
  return map_.hosts[host_index(rank)].name;
}

std::string World::name(WorldRank rank) const {
  std::string text = "rank " + std::to_string(rank_of(rank));
  if (map_.hosts.size() > 1) text += " on " + host_of(rank);
  return text;
}

std::optional<asio::ip::tcp::endpoint> World::locate(WorldRank peer) const {
  const std::uint16_t port = ports_[static_cast<std::size_t>(peer)];
  if (port == 0) return std::nullopt;
  asio::error_code error;
  const auto address = asio::ip::make_address(map_.hosts[host_index(peer)].data_address, error);
  if (error) return std::nullopt;
  return asio::ip::tcp::endpoint(address, port);
}

void World::check_usable() const {
  if (finalized_) throw Error(Errc::invalid_argument, "prun was used after finalize");
}

// --- the loop
// --------------------------------------------------------------------------------------------------------------

bool World::flushed(std::optional<WorldRank> peer) const {
  if (!peer) return (!shm_ || shm_->flushed()) && (!tcp_ || tcp_->flushed());
  if (auto* shm = shm_to(*peer)) return shm->flushed(*peer);
  return !tcp_ || tcp_->flushed(*peer);
}

bool World::step() {
  bool moved = self_->progress();
  if (shm_) moved |= shm_->progress();
  if (tcp_) moved |= tcp_->progress();
  moved |= endpoint_->run_ready();
  return moved;
}

void World::poll() {
  io_.poll();
  while (step()) {
  }
}

void World::take_own() {
  while (self_->progress()) {
  }
}

void World::block(const Deadline& deadline, const Waiting& waiting) {
  if (launcher_gone_) {
    throw Error(Errc::peer_lost, name(rank_) + ": the launcher has gone, and with it the job");
  }
  if (job_ends_ && !finalizing_) {
    throw Error(job_ends_->code, name(rank_) + " cannot go on: " + job_ends_->text,
                job_ends_->peer);
  }
  if (endpoint_->has_untaken()) {
    // Asleep for a moment only: if nothing comes, a large message that waits at its sender is let
    // in.
    if (sleep_until_event(Deadline(quiet_before_taking_in), waiting)) return;
    if (step() || endpoint_->take_in_unexpected()) return;
  }
  if (size() == 1 && !deadline.at()) {
    throw Error(Errc::invalid_argument,
                "this rank is alone and waits for a message that it has not sent to itself: it "
                "would wait for ever");
  }
  sleep_until_event(deadline, waiting);
}

bool World::sleep_until_event(const Deadline& deadline, const Waiting& waiting) {
  ++sleeps_;
  if (shm_) shm_->arm();
  if (tcp_) tcp_->arm();
  return sleep_.sleep(deadline, waiting, !doubts_.empty());
}

// --- what it cost
// ---------------------------------------------------------------------------------------------------------

Counters World::counters(WorldRank rank) const {
  if (rank == rank_) return {};
  Counters all;
  if (const auto* shm = shm_to(rank)) {
    all = shm->counters(rank);
  } else if (tcp_) {
    all = tcp_->counters(rank);
  }
  all.bytes_copied += endpoint_->bytes_copied(rank);
  return all;
}

Counters World::counters() const {
  Counters all;
  for (WorldRank rank = 0; rank < processes(); ++rank) all = all + counters(rank);
  all.wakeups = sleeps_;
  return all;
}

// --- what becomes of others
// ------------------------------------------------------------------------------------------------

void World::on_endpoints(const bootstrap::Endpoints& message) {
  sleep_.on_news();
  for (const bootstrap::RankEndpoint& entry : message.list) {
    if (entry.rank >= map_.processes()) continue;
    ports_[entry.rank] = entry.port;
    if (tcp_) tcp_->endpoint_known(static_cast<WorldRank>(entry.rank));
  }
}

void World::on_disconnect(WorldRank peer, bool orderly, const std::string& cause) {
  Doubt& doubt = doubts_[peer];
  if (doubt.lost) {
    conclude(peer);
    return;
  }
  if (orderly) {
    doubts_.erase(peer);
    endpoint_->peer_finished(peer);
    return;
  }
  if (doubt.left_in_order) {
    conclude(peer);
    return;
  }
  doubt.cause = cause.empty() ? "closed the connection" : cause;
  conclude_later(peer, patience_with_launcher);
}

void World::on_peer_lost(const bootstrap::PeerLost& message) {
  sleep_.on_news();
  if (message.rank >= map_.processes()) return;
  const auto peer = static_cast<WorldRank>(message.rank);
  if (peer == rank_) return;
  if (endpoint_->peer_gone(peer)) {
    if (!message.orderly) membership_->lost(peer, message.cause);
    return;
  }
  if (!message.orderly && !goes_on_) {
    lose(peer, message.cause);
    // Also those end that wait for ranks that wait for this one.
    job_ends_ = core::Failure{Errc::peer_lost, name(peer) + " " + message.cause, peer};
    note_that_the_job_ends();
    return;
  }
  Doubt& doubt = doubts_[peer];
  if (!message.orderly) {
    doubt.lost = message.cause;
    doubt.quiet_since = steady_clock::now();
    doubt.given_up = doubt.quiet_since + last_words_at_most;
    await_last_words(peer);
    return;
  }
  doubt.left_in_order = true;
  if (!doubt.cause.empty()) {
    conclude(peer);
  } else {
    conclude_later(peer, time_for_last_words);
  }
}

bool World::in_touch(WorldRank peer) const {
  if (const auto* shm = shm_to(peer)) return shm->in_touch(peer);
  return tcp_ && tcp_->in_touch(peer);
}

// What a lost rank had sent whole is received first, where it still comes.
void World::await_last_words(WorldRank peer) {
  Doubt& doubt = doubts_.at(peer);
  const auto now = steady_clock::now();
  const std::uint64_t bytes = counters(peer).bytes_received;
  if (bytes != std::exchange(doubt.bytes_seen, bytes)) doubt.quiet_since = now;
  const bool goes_on = doubt.cause.empty() && in_touch(peer) && now < doubt.given_up &&
                       now < doubt.quiet_since + time_for_last_words;
  if (goes_on) {
    conclude_later(peer, between_looks_at_last_words);
  } else {
    lose(peer, std::string(*doubt.lost));
  }
}

void World::lose(WorldRank peer, const std::string& cause) {
  doubts_.erase(peer);
  endpoint_->peer_lost(peer, cause);
  membership_->lost(peer, cause);
  while (!after_losses_.empty() && !losing()) {
    const auto act = std::move(after_losses_.front());
    after_losses_.pop_front();
    act();
  }
}

bool World::losing() const {
  return std::any_of(doubts_.begin(), doubts_.end(),
                     [](const auto& doubt) { return doubt.second.lost.has_value(); });
}

// What the launcher says after a loss counts from when the loss is known here.
void World::after_losses(std::function<void()> act) {
  if (after_losses_.empty() && !losing()) {
    act();
  } else {
    after_losses_.push_back(std::move(act));
  }
}

void World::conclude_later(WorldRank peer, milliseconds after) {
  Doubt& doubt = doubts_[peer];
  doubt.timer.emplace(io_, after);
  doubt.timer->async_wait([this, peer](const asio::error_code& error) {
    if (!error) conclude(peer);
  });
}

void World::conclude(WorldRank peer) {
  const auto found = doubts_.find(peer);
  if (found == doubts_.end()) return;
  Doubt& doubt = found->second;
  if (doubt.lost) {
    await_last_words(peer);
  } else if (doubt.left_in_order) {
    // A connection that still stands has its goodbye to come.
    if (doubt.cause.empty() && in_touch(peer)) {
      conclude_later(peer, time_for_last_words);
      return;
    }
    doubts_.erase(found);
    endpoint_->peer_finished(peer);
  } else if (goes_on_) {
    // Nobody is lost on one rank's word alone: the launcher makes it true for all, or knows better.
    channel_->suspect(static_cast<std::uint32_t>(peer), doubt.cause);
  } else {
    lose(peer, std::string(doubt.cause));
  }
}

// --- leaving
// ---------------------------------------------------------------------------------------------------------------

void World::finalize(const CallSite& at) {
  if (finalized_) return;
  finalizing_ = true;
  const WaitingFor sends("finalize", at, [this](Awaited& awaited) {
    endpoint_->each_send([&](const p2p::SendOperation& send) { awaited.add(send); });
  });
  wait([this] { return endpoint_->idle(); }, {}, sends);
  if (shm_) shm_->close();
  if (tcp_) {
    tcp_->close();
    // Only the kernel knows when the last byte has arrived, and it does not say: asked at growing
    // intervals.
    microseconds pause{100};
    const auto drained = [this] { return tcp_->drained() && (!shm_ || shm_->drained()); };
    const WaitingFor outlet("finalize", at,
                            [](Awaited& awaited) { awaited.add_flush(std::nullopt); });
    while (!wait(drained, pause, outlet)) pause = std::min(pause * 2, microseconds(10'000));
  }
  finalized_ = true;
  if (channel_) channel_->announce_finalized();
}

void World::abort(int exit_status, std::string_view text) {
  if (channel_) {
    channel_->announce_abort(exit_status, std::string(text));
  } else if (!text.empty()) {
    std::fprintf(stderr, "%.*s\n", static_cast<int>(text.size()), text.data());
  }
  std::fflush(nullptr);
  std::_Exit(exit_status);
}

}  // namespace prun::detail
