#include "launcher/doctor/json.hpp"

#include <nlohmann/json.hpp>

#include <chrono>

#include "launcher/hosts/host_words.hpp"

namespace prun::doctor {
namespace {

using Json = nlohmann::ordered_json;

Json or_null(const std::string& text) {
  return text.empty() ? Json() : Json(text);
}

Json or_null(std::uint64_t number) {
  return number == 0 ? Json() : Json(number);
}

double seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

Json json_of(const NetworkInterface& link) {
  return {{"name", link.name},
          {"mbit", link.mbit ? Json(*link.mbit) : Json()},
          {"duplex", or_null(link.duplex)},
          {"wireless", link.wireless}};
}

Json json_of(const PowerState& power) {
  const std::uint32_t since = power.bits >> PowerState::since_start;
  const auto part = [](std::uint32_t bits) {
    return Json{{"too_little_voltage", (bits & PowerState::too_little_voltage) != 0},
                {"capped", (bits & PowerState::capped) != 0},
                {"throttled", (bits & PowerState::throttled) != 0},
                {"hot", (bits & PowerState::hot) != 0}};
  };
  return {{"now", part(power.bits)}, {"since_start", part(since)}};
}

const char* agent_word(const HostFacts& host) {
  if (host.local) return "own";
  switch (host.agent) {
    case AgentState::kept:
      return "there";
    case AgentState::will_be_sent:
      return "to_be_sent";
    case AgentState::not_available:
      return "none_fits";
    case AgentState::unknown:
      break;
  }
  return nullptr;
}

Json json_of(const HostFacts& host) {
  Json json{{"name", hosts::name_of(host.host)},
            {"this_machine", host.local},
            {"usable", !host.trouble},
            {"addresses_of_name", host.addresses},
            {"address", or_null(host.address)},
            {"port", or_null(std::uint64_t{host.port})},
            {"key", or_null(host.key)},
            {"host_key", or_null(host.host_key)},
            {"login_seconds", host.login_time ? Json(seconds(*host.login_time)) : Json()},
            {"login_noise", or_null(host.noise)},
            {"own_name", or_null(host.own_name)},
            {"own_name_at_loopback", host.own_name_at},
            {"machine", or_null(host.machine)},
            {"bits", or_null(std::uint64_t{host.bits})},
            {"kernel", or_null(host.kernel)},
            {"model", or_null(host.model)},
            {"cores", or_null(std::uint64_t{host.cores})},
            {"memory_kb", or_null(host.memory_kb)},
            {"available_kb", or_null(host.available_kb)}};
  const char* const agent = agent_word(host);
  json["agent"] = agent == nullptr ? Json() : Json(agent);
  json["agent_architecture"] = or_null(host.architecture);
  json["clock"] = host.clock ? Json{{"ahead_seconds", seconds(host.clock->ahead)},
                                    {"error_seconds", seconds(host.clock->error)}}
                             : Json();
  json["interface"] = host.interface ? json_of(*host.interface) : Json();
  json["power"] = host.power ? json_of(*host.power) : Json();
  json["celsius"] = host.celsius ? Json(*host.celsius) : Json();
  return json;
}

}  // namespace

std::string json_text(const Examination& examination, const std::vector<Finding>& findings) {
  Json hosts = Json::array();
  for (const auto& host : examination.hosts) hosts.push_back(json_of(host));
  const auto name = [&](std::size_t host) { return hosts::name_of(examination.hosts[host].host); };
  Json links = Json::array();
  for (const auto& pair : examination.pairs) {
    links.push_back({{"from", name(pair.first)},
                     {"to", name(pair.second)},
                     {"round_trip_seconds", pair.round_trip_seconds},
                     {"there_bytes_per_second", pair.there_bytes_per_second},
                     {"back_bytes_per_second", pair.back_bytes_per_second}});
  }
  Json found = Json::array();
  for (const auto& finding : findings) {
    Json names = Json::array();
    for (const auto host : finding.hosts) names.push_back(name(host));
    found.push_back({{"severity", finding.severity == Severity::failure ? "failure" : "warning"},
                     {"id", finding.id},
                     {"hosts", std::move(names)},
                     {"sentence", finding.sentence},
                     {"repair", finding.repair}});
  }
  const Json all{{"hosts", std::move(hosts)},          {"links", std::move(links)},
                 {"all_links", examination.all_pairs}, {"program", examination.program},
                 {"findings", std::move(found)},       {"exit_status", exit_status_of(findings)}};
  // Host names and noise may be in any encoding.
  return all.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace prun::doctor
