#include "launcher/agent/rank_process.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "launcher/agent/process_tree.hpp"
#include "launcher/agent/waiting_reader.hpp"
#include "launcher/system/descriptor.hpp"
#include "launcher/system/spawn.hpp"

namespace prun::agent {
namespace {

// How long a process that the rank has left behind may keep the rank's output open.
constexpr std::chrono::seconds output_grace{1};

// Between two looks at whether the rank wants what was typed.
constexpr std::chrono::milliseconds shortest_look{5};
constexpr std::chrono::milliseconds longest_look{80};

struct Pipe {
  system::Descriptor reader;
  system::Descriptor writer;
};

core::Failure no_descriptor(const char* what) {
  return {Errc::resource,
          std::string("cannot make ") + what + ": " + std::generic_category().message(errno)};
}

core::Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return no_descriptor("a pipe");
  Pipe pipe;
  pipe.reader.reset(ends[0]);
  pipe.writer.reset(ends[1]);
  return pipe;
}

// Its reader is the master's side, its writer the rank's.
core::Result<Pipe> make_terminal(const winsize& size) {
  Pipe terminal;
  terminal.reader.reset(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  std::array<char, 64> name{};
  if (!terminal.reader || ::grantpt(terminal.reader.get()) != 0 ||
      ::unlockpt(terminal.reader.get()) != 0 ||
      ::ptsname_r(terminal.reader.get(), name.data(), name.size()) != 0) {
    return no_descriptor("a terminal");
  }
  terminal.writer.reset(::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!terminal.writer) return no_descriptor("a terminal");
  if (size.ws_row != 0) ::ioctl(terminal.reader.get(), TIOCSWINSZ, &size);
  return terminal;
}

}  // namespace

RankProcess::RankProcess(asio::io_context& io, OutputWindow& window, RankListener& listener,
                         std::uint32_t rank, std::uint32_t incarnation)
    : io_(io),
      window_(window),
      listener_(listener),
      rank_(rank),
      incarnation_(incarnation),
      output_grace_(io),
      reader_pause_(io) {}

RankProcess::~RankProcess() {
  if (stdout_) stdout_->close();
  if (stderr_) stderr_->close();
  if (stdin_) stdin_->close();
  close_channel();
}

core::Status RankProcess::make_streams(const How& how, Streams& streams) {
  if (how.terminal) {
    auto made = make_terminal(*how.terminal);
    if (!made.ok()) return made.failure();
    auto& terminal = made.value();
    streams.own_in.reset(::fcntl(terminal.reader.get(), F_DUPFD_CLOEXEC, 3));
    streams.rank_out.reset(::fcntl(terminal.writer.get(), F_DUPFD_CLOEXEC, 3));
    streams.rank_err.reset(::fcntl(terminal.writer.get(), F_DUPFD_CLOEXEC, 3));
    if (!streams.own_in || !streams.rank_out || !streams.rank_err)
      return no_descriptor("a terminal");
    streams.own_out = std::move(terminal.reader);
    streams.rank_in = std::move(terminal.writer);
    return core::Done{};
  }
  auto out = make_pipe();
  auto err = make_pipe();
  if (!out.ok()) return out.failure();
  if (!err.ok()) return err.failure();
  streams.own_out = std::move(out.value().reader);
  streams.rank_out = std::move(out.value().writer);
  streams.own_err = std::move(err.value().reader);
  streams.rank_err = std::move(err.value().writer);
  if (how.wants_input) {
    auto in = make_pipe();
    if (!in.ok()) return in.failure();
    streams.own_in = std::move(in.value().writer);
    streams.rank_in = std::move(in.value().reader);
  } else {
    streams.rank_in.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!streams.rank_in) return no_descriptor("an empty input");
  }
  return core::Done{};
}

core::Status RankProcess::start(const How& how) {
  Streams streams;
  const auto made = make_streams(how, streams);
  if (!made.ok()) return made.failure();
  int channel[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) != 0)
    return no_descriptor("a control channel");
  system::Descriptor own_end(channel[0]);
  const system::Descriptor rank_end(channel[1]);

  RankPlace place = how.place;
  place.channel_fd = rank_end.get();
  system::SpawnRequest request;
  request.path = how.runnable.path;
  request.arguments = how.runnable.arguments;
  request.directory = how.runnable.directory;
  request.environment = rank_environment(how.base_environment, how.program, place);
  request.stdin_fd = streams.rank_in.get();
  request.stdout_fd = streams.rank_out.get();
  request.stderr_fd = streams.rank_err.get();
  request.has_terminal = how.terminal.has_value();
  request.keep_fds = {rank_end.get()};
  for (const int shared : {how.shared_memory, how.clock}) {
    if (shared >= 0) request.keep_fds.push_back(shared);
  }
  request.processors = how.cores;
  request.descriptor_limit = how.descriptor_limit;
  const auto pid = system::spawn(request);
  if (!pid.ok()) return pid.failure();
  pid_ = pid.value();

  watch_output(std::move(streams.own_out), 1);
  if (streams.own_err) watch_output(std::move(streams.own_err), 2);
  if (streams.own_in) {
    const auto kind = how.terminal ? InputPipe::Kind::terminal : InputPipe::Kind::pipe;
    stdin_ = std::make_shared<InputPipe>(io_, streams.own_in.release(), kind);
    stdin_->start([this](std::uint32_t bytes, bool closed) {
      listener_.on_rank_input(rank_, bytes, closed);
    });
  }
  const int channel_fd = own_end.release();
  channel_ = std::make_shared<FrameLink>(io_, channel_fd, channel_fd);
  channel_->start(
      [this](const bootstrap::ControlFrame& frame) { listener_.on_rank_frame(*this, frame); },
      // Most programs never use it, and how a rank ends is told by its process.
      [this](const FrameLink::End& end) {
        if (end.garbage) listener_.on_rank_garbage(*this, end.why);
      });
  return core::Done{};
}

void RankProcess::watch_output(system::Descriptor reader, std::uint8_t stream) {
  auto pipe = std::make_shared<OutputPipe>(io_, reader.release(), window_);
  (stream == 1 ? stdout_ : stderr_) = pipe;
  pipe->start(
      [this, stream](std::span<const std::byte> data) {
        listener_.on_rank_output(rank_, stream, data);
      },
      [this] { check_done(); });
}

void RankProcess::take_last_words() {
  if (channel_) channel_->drain();
  if (stdin_) stdin_->settle();
}

void RankProcess::exited() {
  pid_ = 0;
  gone_ = true;
  close_channel();
  reader_pause_.cancel();
  on_reading_ = nullptr;
  output_grace_.expires_after(output_grace);
  output_grace_.async_wait([this](asio::error_code error) {
    if (error) return;
    stdout_->finish();
    if (stderr_) stderr_->finish();
  });
  check_done();
}

void RankProcess::resume_output() {
  if (stdout_) stdout_->resume();
  if (stderr_) stderr_->resume();
}

void RankProcess::write_input(std::span<const std::byte> data) {
  if (stdin_) stdin_->write(data);
}

void RankProcess::end_input() {
  if (stdin_) stdin_->finish();
}

void RankProcess::when_it_reads(std::function<void()> waits) {
  on_reading_ = std::move(waits);
  look_at_reader(shortest_look);
}

// The kernel tells nobody that somebody begins to read. Looks are rare enough to cost nothing, and
// there are none unless something was typed.
void RankProcess::look_at_reader(std::chrono::milliseconds pause) {
  if (!on_reading_ || !stdin_ || !running()) return;
  if (stdin_->is_empty() && waiting_reader(pid_, stdin_->descriptor()) != Waiting::no)
    return std::exchange(on_reading_, nullptr)();
  reader_pause_.expires_after(pause);
  reader_pause_.async_wait([this, pause](asio::error_code error) {
    if (!error) look_at_reader(std::min(pause * 2, longest_look));
  });
}

void RankProcess::signal_group(int number) {
  if (pid_ > 0) ::kill(-pid_, number);
}

bool RankProcess::listens_to(int number) const {
  if (pid_ <= 0) return false;
  auto processes = descendants(pid_);
  processes.push_back(pid_);
  return std::any_of(processes.begin(), processes.end(),
                     [number](pid_t pid) { return survives(pid, number); });
}

bool RankProcess::waits_for_input() const {
  return stdin_ && running() && stdin_->is_empty() &&
         waiting_reader(pid_, stdin_->descriptor()) == Waiting::yes;
}

// The kernel tells the processes in its foreground (WINCH).
void RankProcess::resize_terminal(const winsize& size) {
  if (stdin_ && stdin_->is_terminal()) ::ioctl(stdin_->descriptor(), TIOCSWINSZ, &size);
}

void RankProcess::close_channel() {
  if (channel_) channel_->close();
}

void RankProcess::check_done() {
  if (done_ || !gone_ || stdout_->is_open() || (stderr_ && stderr_->is_open())) return;
  done_ = true;
  output_grace_.cancel();
  listener_.on_rank_done(rank_);
}

}  // namespace prun::agent
