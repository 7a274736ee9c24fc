#include "launcher/agent/rank_process.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <system_error>

#include "launcher/agent/descriptor.hpp"
#include "launcher/agent/spawn.hpp"

namespace prun::agent {
namespace {

// How long a process that the rank has left behind may keep the rank's output open.
constexpr std::chrono::seconds output_grace{1};

struct Pipe {
  Descriptor reader;
  Descriptor writer;
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

}  // namespace

RankProcess::RankProcess(asio::io_context& io, OutputWindow& window, RankListener& listener,
                         std::uint32_t rank)
    : io_(io), window_(window), listener_(listener), rank_(rank), output_grace_(io) {}

RankProcess::~RankProcess() {
  if (stdout_) stdout_->close();
  if (stderr_) stderr_->close();
  if (stdin_) stdin_->close();
  close_channel();
}

core::Status RankProcess::start(const How& how) {
  auto out = make_pipe();
  auto err = make_pipe();
  if (!out.ok()) return out.failure();
  if (!err.ok()) return err.failure();
  Pipe in;
  if (how.wants_input) {
    auto made = make_pipe();
    if (!made.ok()) return made.failure();
    in = std::move(made).value();
  } else {
    in.reader.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!in.reader) return no_descriptor("an empty input");
  }
  int channel[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) != 0)
    return no_descriptor("a control channel");
  Descriptor own_end(channel[0]);
  const Descriptor rank_end(channel[1]);

  RankPlace place = how.place;
  place.channel_fd = rank_end.get();
  SpawnRequest request;
  request.path = how.runnable.path;
  request.arguments = how.runnable.arguments;
  request.directory = how.runnable.directory;
  request.environment = rank_environment(how.base_environment, how.program, place);
  request.stdin_fd = in.reader.get();
  request.stdout_fd = out.value().writer.get();
  request.stderr_fd = err.value().writer.get();
  request.keep_fds = {rank_end.get()};
  if (how.shared_memory >= 0) request.keep_fds.push_back(how.shared_memory);
  request.processors = how.cores;
  request.descriptor_limit = how.descriptor_limit;
  const auto pid = spawn(request);
  if (!pid.ok()) return pid.failure();
  pid_ = pid.value();

  const auto watch = [this](Descriptor& reader, std::uint8_t stream) {
    auto pipe = std::make_shared<OutputPipe>(io_, reader.release(), window_);
    pipe->start(
        [this, stream](std::span<const std::byte> data) {
          listener_.on_rank_output(rank_, stream, data);
        },
        [this] { check_done(); });
    return pipe;
  };
  stdout_ = watch(out.value().reader, 1);
  stderr_ = watch(err.value().reader, 2);
  if (in.writer) {
    stdin_ = std::make_shared<InputPipe>(io_, in.writer.release());
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

void RankProcess::drain_channel() {
  if (channel_) channel_->drain();
}

void RankProcess::exited() {
  pid_ = 0;
  gone_ = true;
  close_channel();
  if (stdin_) stdin_->close();
  output_grace_.expires_after(output_grace);
  output_grace_.async_wait([this](asio::error_code error) {
    if (error) return;
    stdout_->finish();
    stderr_->finish();
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

void RankProcess::signal_group(int number) {
  if (pid_ > 0) ::kill(-pid_, number);
}

void RankProcess::close_channel() {
  if (channel_) channel_->close();
}

void RankProcess::check_done() {
  if (done_ || !gone_ || stdout_->is_open() || stderr_->is_open()) return;
  done_ = true;
  output_grace_.cancel();
  listener_.on_rank_done(rank_);
}

}  // namespace prun::agent
