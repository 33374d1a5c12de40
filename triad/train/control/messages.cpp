#include "triad/train/control/messages.h"

#include <nlohmann/json.hpp>
#include <unistd.h>

namespace triad::train {

using nlohmann::json;

std::string invitation_text(const Invitation& i) {
  return json{{"port", i.port}, {"token", i.token}, {"addresses", i.addresses}}.dump();
}

Invitation parse_invitation(const std::string& text) {
  try {
    const json j = json::parse(text);
    return {j.at("port"), j.at("token"), j.at("addresses")};
  } catch (const json::exception& e) {
    fail<IoError>("control connection", "an invitation that cannot be read: ", e.what());
  }
}

std::string hello_message(const std::string& token, int rank, const std::string& host, int process) {
  return json{{"hello", token}, {"rank", rank}, {"host", host}, {"process", process}}.dump();
}

std::string beat_message(const RankSnapshot& s) {
  return json{{"beat", s.phase},          {"step", s.step},         {"calls", s.calls},
              {"operation", s.operation}, {"idle", s.idle_seconds}, {"deadline", s.deadline_seconds}}
      .dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string failure_message(const std::string& text) {
  return json{{"failure", text}}.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string farewell_message() { return json{{"farewell", true}}.dump(); }
std::string ping_message() { return json{{"ping", true}}.dump(); }

std::string fault_message(const Fault& fault) {
  return json{{"fault", fault.code}, {"text", fault.text}}.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::optional<Fault> fault_in(const std::string& line) {
  const json j = json::parse(line, nullptr, false);
  if (!j.is_object() || !j.contains("fault") || !j["fault"].is_number_integer()) return std::nullopt;
  return Fault{j["fault"], j.value("text", "")};
}

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "unknown host";
}

double seconds_of(std::chrono::milliseconds time) { return std::chrono::duration<double>(time).count(); }

}  // namespace triad::train
