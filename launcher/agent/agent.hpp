#pragma once

#include <sys/resource.h>

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "launcher/agent/clock_service.hpp"
#include "launcher/agent/file_forwarder.hpp"
#include "launcher/agent/file_intake.hpp"
#include "launcher/agent/frame_link.hpp"
#include "launcher/agent/launcher_watch.hpp"
#include "launcher/agent/output_pipe.hpp"
#include "launcher/agent/rank_process.hpp"
#include "launcher/agent/staging.hpp"
#include "launcher/agent/state_collector.hpp"
#include "launcher/system/descriptor.hpp"
#include "launcher/system/leftovers.hpp"
#include "runtime/bootstrap/clock_messages.hpp"
#include "runtime/bootstrap/control_messages.hpp"
#include "runtime/bootstrap/loss_messages.hpp"
#include "runtime/clock/clock_page.hpp"

namespace prun::agent {

// The part of a job that runs on one host: checks its programs, starts its ranks, carries their
// output, input and control frames, and ends every process below it when told so or when the
// launcher is gone. One thread; lives as long as `prun agent` does.
class Agent : private RankListener {
 public:
  Agent(asio::io_context& io, system::Descriptor in, system::Descriptor out,
        bootstrap::AgentHello hello, system::Leftovers& leftovers);

  // Greets the launcher and serves it until it leaves; when this returns no process of the job is
  // left on the host.
  void run();

 private:
  // Frames from the launcher.
  void on_frame(const bootstrap::ControlFrame& frame);
  template <class Message, class Handler>
  void take(const bootstrap::ControlFrame& frame, Handler handler);
  // What came cannot be a launcher of our kind: says so and waits for the end of the channel.
  void refuse(const std::string& why);
  void set_up(bootstrap::JobSetup setup);
  void want_files();
  void take_file_data(const stage::StageData& data, bool from_launcher);
  void ask_launcher_for_files();
  void pass_on(const stage::StagePassOn& order);
  PeerIdentity own_identity() const;
  void check_programs();
  void make_shared_memory(std::vector<std::string>& notes);
  void start_ranks();
  void make_clock_page();
  void start_clock();
  void lead_clock(const bootstrap::ClockLead& order);
  void follow_clock(const bootstrap::ClockFollow& order);
  void clock_wanted(RankProcess& rank);
  void clock_is_ready();
  std::vector<int> core_for(std::uint32_t local_rank);
  core::Status start_rank(RankProcess& rank, std::uint32_t local_rank);
  // A lost rank once more (agent_restart.cpp).
  void start_again(const bootstrap::StartRank& order);
  std::uint32_t process_of(const RankProcess& rank) const;
  void terminate(const bootstrap::Terminate& order);

  // From the ranks.
  void on_rank_output(std::uint32_t rank, std::uint8_t stream,
                      std::span<const std::byte> data) override;
  void on_rank_input(std::uint32_t rank, std::uint32_t bytes, bool closed) override;
  void on_rank_frame(RankProcess& rank, const bootstrap::ControlFrame& frame) override;
  void on_rank_garbage(RankProcess& rank, const std::string& why) override;
  void on_rank_done(std::uint32_t rank) override;
  template <class Message>
  void pass_up(RankProcess& rank, const bootstrap::ControlFrame& frame);
  template <class Message>
  void tell_joined(const Message& message) {
    for (auto& [number, rank] : ranks_) {
      if (rank->phase != bootstrap::RankPhase::never_joined) rank->tell(message);
    }
  }
  void welcome(RankProcess& rank, const bootstrap::ControlFrame& frame);
  void reject(RankProcess& rank, const std::string& why);

  // From the kernel.
  void watch_children();
  void watch_termination();
  void reap();

  RankProcess* find(std::uint32_t rank);
  void resume_output();
  void leave();
  void watch_launcher(const liveness::Watch& order);

  asio::io_context& io_;
  asio::signal_set children_;
  asio::signal_set termination_;
  asio::steady_timer grace_;
  std::shared_ptr<FrameLink> launcher_;
  std::unique_ptr<LauncherWatch> watch_;  // where the launcher wants it
  bootstrap::AgentHello hello_;
  system::Leftovers& leftovers_;
  std::vector<std::string> environment_;
  std::optional<rlimit> descriptor_limit_;  // as it was when this process began
  OutputWindow window_;

  std::optional<bootstrap::JobSetup> setup_;
  std::unique_ptr<Staging> staging_;    // where files were offered
  std::unique_ptr<FileIntake> intake_;  // while another host may pass them on
  std::unique_ptr<FileForwarder> forwarder_;
  std::chrono::steady_clock::time_point progress_told_{};
  std::vector<bool> needed_;             // by program: a rank of this host runs it
  std::vector<Runnable> runnables_;      // by program
  std::vector<std::vector<int>> cores_;  // processors of each; read when first wanted
  system::Descriptor shared_memory_;     // of the ranks of this host; none where they use TCP
  std::optional<clock::ClockPage> clock_page_;
  std::unique_ptr<ClockService> clock_;    // from the first rank on that wants to know the time
  std::vector<std::uint32_t> want_clock_;  // ranks that wait for it
  bool clock_ready_ = false;
  bool ready_ = false;  // every check passed
  bool started_ = false;
  bool ending_ = false;                                          // was told to end the ranks
  bool deaf_ = false;                                            // after refuse()
  std::map<std::uint32_t, std::unique_ptr<RankProcess>> ranks_;  // of this host
  std::size_t first_to_resume_ = 0;
  StateCollector states_;

  // For ranks that join late.
  std::map<std::uint32_t, std::uint16_t> endpoints_;
  std::vector<bootstrap::PeerLost> lost_;
  std::vector<bootstrap::SurvivorsAsked> survivors_asked_;  // and not agreed yet
};

}  // namespace prun::agent
