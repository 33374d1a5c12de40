#include <algorithm>
#include <limits>
#include <random>

#include <nlohmann/json.hpp>
#include <poll.h>

#include "triad/train/control/control.h"
#include "triad/train/control/line_socket.h"
#include "triad/train/control/messages.h"

namespace triad::train {
namespace {

using Clock = std::chrono::steady_clock;
using nlohmann::json;

/// Nobody else's processes connect by accident.
std::string random_token() {
  std::random_device random;
  std::string token;
  for (int i = 0; i < 4; ++i) token += str(std::hex, random(), "-");
  return token;
}

/// A rank as the hub knows it.
struct Peer {
  LineSocket socket;
  int rank = -1;  ///< before its hello
  std::string name;
  RankSnapshot snapshot;
  Clock::time_point heard;
  bool gone = false;  ///< it has said farewell, or a fault was made of its end
};

}  // namespace

class ControlHub::Loop {
 public:
  Loop(int ranks, const ControlOptions& options)
      : ranks_(ranks),
        options_(options),
        token_(random_token()),
        invitation_(invitation_text({listener_.port(), token_, addresses_of_this_host()})),
        thread_([this] { run(); }) {}
  ~Loop() {
    leaving_ = true;
    thread_.join();
  }

  const std::string& invitation() const { return invitation_; }

 private:
  void run() {
    Clock::time_point pinged = Clock::now(), leave_by = Clock::time_point::max();
    while (Clock::now() < leave_by && !(leaving_ && everybody_is_gone())) {
      wait_for_lines();
      while (std::optional<LineSocket> socket = listener_.accept())
        peers_.push_back({.socket = std::move(*socket), .heard = Clock::now()});
      for (Peer& peer : peers_) listen_to(peer);
      std::erase_if(peers_, [](const Peer& peer) { return peer.rank < 0 && !peer.socket.is_open(); });
      if (!fault_) look_for_faults();
      if (Clock::now() - pinged >= options_.beat) {
        for (Peer& peer : peers_) peer.socket.send(ping_message());
        pinged = Clock::now();
      }
      if (leaving_ && leave_by == Clock::time_point::max()) leave_by = Clock::now() + std::chrono::milliseconds(200);
    }
  }

  bool everybody_is_gone() const {
    return std::ranges::all_of(peers_, [](const Peer& peer) { return peer.gone || !peer.socket.is_open(); });
  }

  void wait_for_lines() {
    std::vector<pollfd> waits{{listener_.descriptor(), POLLIN, 0}};
    for (const Peer& peer : peers_) {
      if (peer.socket.is_open()) waits.push_back({peer.socket.descriptor(), POLLIN, 0});
    }
    ::poll(waits.data(), waits.size(), 20);
  }

  void listen_to(Peer& peer) {
    if (!peer.socket.is_open()) return;
    const bool open = peer.socket.exchange();
    while (const std::optional<std::string> line = peer.socket.next_line()) {
      peer.heard = Clock::now();
      try {
        understand(peer, json::parse(*line));
      } catch (const json::exception&) {
        peer.socket.close();  // not one of ours
      }
    }
    if (open || peer.gone || peer.rank < 0) return;
    peer.gone = true;
    declare({kPeerLost, str(peer.name, " is lost: its connection has ended, ", peer.snapshot.describe())});
  }

  void understand(Peer& peer, const json& message) {
    if (peer.rank < 0) {
      if (message.at("hello") != token_) return peer.socket.close();
      peer.rank = message.at("rank");
      peer.name = str("rank ", peer.rank, " (", message.at("host").get<std::string>(), ", process ",
                      message.at("process").get<int>(), ")");
      if (fault_) peer.socket.send(fault_message(*fault_));
    } else if (message.contains("beat")) {
      peer.snapshot = {message.at("beat"),      message.at("step"), message.at("calls"),
                       message.at("operation"), message.at("idle"), message.at("deadline")};
    } else if (message.contains("failure")) {
      peer.gone = true;
      declare({kPeerLost, str(peer.name, " failed: ", message.at("failure").get<std::string>())});
    } else if (message.contains("farewell")) {
      peer.gone = true;
    }
  }

  void look_for_faults() {
    const Clock::time_point now = Clock::now();
    for (Peer& peer : peers_) {
      if (peer.gone || peer.rank < 0 || now - peer.heard <= options_.silence) continue;
      peer.gone = true;
      return declare({kPeerLate, str(peer.name, " has said nothing for ", seconds_of(options_.silence),
                                     " s: it is stopped, or its host is; it was ", peer.snapshot.describe())});
    }
    const auto late = [&](const Peer& peer) {
      const double since = std::chrono::duration<double>(now - peer.heard).count();
      return !peer.gone && peer.rank >= 0 && peer.snapshot.idle_seconds + since > peer.snapshot.deadline_seconds;
    };
    if (std::ranges::none_of(peers_, late)) return;
    // Who has begun the fewest collectives keeps the others waiting.
    const auto behind = std::ranges::min_element(peers_, {}, [](const Peer& peer) {
      return peer.gone || peer.rank < 0 ? std::numeric_limits<int64_t>::max() : peer.snapshot.calls;
    });
    const bool all_alike = std::ranges::all_of(peers_, [&](const Peer& peer) {
      return peer.gone || peer.rank < 0 || peer.snapshot.calls == behind->snapshot.calls;
    });
    declare({kPeerLate, str(behind->name, all_alike && ranks_ > 1 ? " and all others are stuck " : " is stuck ",
                            behind->snapshot.describe(), ": nothing has happened for ",
                            static_cast<int64_t>(behind->snapshot.idle_seconds), " s, the limit is ",
                            behind->snapshot.deadline_seconds, " s")});
  }

  /// The first one is told to all who are still there.
  void declare(const Fault& fault) {
    if (fault_) return;
    fault_ = fault;
    for (Peer& peer : peers_) peer.socket.send(fault_message(fault));
  }

  const int ranks_;
  const ControlOptions options_;
  LineListener listener_;
  const std::string token_, invitation_;
  std::vector<Peer> peers_;
  std::optional<Fault> fault_;
  std::atomic<bool> leaving_ = false;
  std::thread thread_;  // last: it uses the others
};

ControlHub::ControlHub(int ranks, const ControlOptions& options) : loop_(std::make_unique<Loop>(ranks, options)) {}
ControlHub::~ControlHub() = default;
const std::string& ControlHub::invitation() const { return loop_->invitation(); }

}  // namespace triad::train
