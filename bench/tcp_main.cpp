#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <utility>

#include "bench/report.hpp"
#include "bench/settings.hpp"
#include "bench/tcp_connection.hpp"
#include "bench/tcp_floor.hpp"

namespace prun::bench {

namespace {

constexpr int exit_failed = 1;
constexpr int exit_usage = 2;
constexpr std::uint16_t default_port = 7117;

// "rpi2", "rpi2:7117"
std::pair<std::string, std::uint16_t> split_address(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return {text, default_port};
  std::uint16_t port = 0;
  const char* end = text.data() + text.size();
  const auto number = std::from_chars(text.data() + colon + 1, end, port);
  if (number.ec != std::errc() || number.ptr != end) {
    throw CLI::ValidationError("address", text + " does not end in a port, such as :7117");
  }
  return {text.substr(0, colon), port};
}

void listen_at(const std::string& text) {
  const auto [address, port] = split_address(text);
  TcpListener listener(address, port);
  std::cout << "listening at " << address << ":" << listener.port() << std::endl;
  TcpConnection connection = listener.accept();
  serve_floor(connection);
}

void measure_with(const std::string& text, const std::string& wait, const Settings& settings) {
  constexpr double connect_seconds = 10;
  const auto [address, port] = split_address(text);
  TcpConnection connection = TcpConnection::connect(address, port, connect_seconds);
  Report report(std::cout, settings.json);
  const auto print = [&](const Line& line) { report.print(line); };
  if (wait != "block") measure_floor(connection, settings, Waiting::spinning, print);
  if (wait != "spin") measure_floor(connection, settings, Waiting::blocking, print);
}

// The names asked for; every one there is for "all" or nothing.
std::vector<std::string> chosen_operations(const std::vector<std::string>& asked) {
  const auto& known = floor_operations();
  if (asked.empty() || std::find(asked.begin(), asked.end(), "all") != asked.end()) return known;
  for (const std::string& name : asked) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      throw CLI::ValidationError("--op",
                                 "there is no operation " + name + ", only latency and bandwidth");
    }
  }
  return asked;
}

int run(int argc, char** argv) {
  Settings settings;
  std::string listen;
  std::string connect;
  std::string wait = "both";
  CLI::App app(
      "The floor under message passing between two hosts: bare TCP, once spinning (asking the "
      "socket again and\nagain, as MPIs do) and once blocking (asleep until data is there). Start "
      "it twice:\n\n  on one host:    bench_tcp --listen ADDRESS[:PORT]      serves one "
      "connection, then leaves\n  on the other:   bench_tcp --connect ADDRESS[:PORT] --op latency "
      "--bytes 1,4K\n\nADDRESS is the listening host's, IPv4 or a name; PORT is 7117 unless "
      "given, 0 listens at any free one. Latency is\nhalf a round trip, bandwidth a window of "
      "messages and an answer; time per message. It uses no MPI and no prun.",
      "bench_tcp");
  add_options(app, settings);
  CLI::Option* listens =
      app.add_option("--listen", listen, "Be the side that answers, at this address")
          ->type_name("ADDRESS");
  CLI::Option* connects =
      app.add_option("--connect", connect, "Be the side that measures, with the one there")
          ->type_name("ADDRESS");
  listens->excludes(connects);
  app.add_option("--wait", wait, "spin, block or both (default)")
      ->check(CLI::IsMember({"spin", "block", "both"}).description(""))
      ->type_name("HOW");
  app.add_flag("--list-ops", settings.list_operations, "Name the operations and leave");
  try {
    app.parse(argc, argv);
    if (settings.list_operations) {
      std::cout << "latency           one way: half a round trip\n"
                   "bandwidth         a window of messages one way; time per message\n";
      return EXIT_SUCCESS;
    }
    if (!*listens && !*connects) {
      throw CLI::ValidationError("bench_tcp", "give --listen on one host, --connect on the other");
    }
    settings.operations = chosen_operations(settings.operations);
    if (*listens) {
      listen_at(listen);
    } else {
      measure_with(connect, wait, settings);
    }
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? EXIT_SUCCESS : exit_usage;
  }
  return EXIT_SUCCESS;
}

}  // namespace

}  // namespace prun::bench

int main(int argc, char** argv) {
  try {
    return prun::bench::run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "bench_tcp: " << error.what() << '\n';
    return prun::bench::exit_failed;
  }
}
