// The lines of the control connection, each an object of JSON.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "triad/train/control/control.h"

namespace triad::train {

inline constexpr int kPeerLost = 76, kPeerLate = 77;  ///< of docs/exit-codes.md

/// How to reach a hub.
struct Invitation {
  int port = 0;
  std::string token;
  std::vector<std::string> addresses;
};
std::string invitation_text(const Invitation& invitation);
/// IoError for another text.
Invitation parse_invitation(const std::string& text);

std::string hello_message(const std::string& token, int rank, const std::string& host, int process);
std::string beat_message(const RankSnapshot& snapshot);
std::string failure_message(const std::string& text);
std::string farewell_message();
std::string ping_message();
std::string fault_message(const Fault& fault);

/// The fault in a line from the hub; nothing in a ping.
std::optional<Fault> fault_in(const std::string& line);

std::string host_name();
double seconds_of(std::chrono::milliseconds time);

}  // namespace triad::train
