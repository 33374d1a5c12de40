#include <nlohmann/json.hpp>
#include <poll.h>
#include <unistd.h>

#include "triad/train/control/control.h"
#include "triad/train/control/line_socket.h"
#include "triad/train/control/messages.h"

namespace triad::train {

using Clock = std::chrono::steady_clock;

struct ControlLink::Connection {
  LineSocket socket;
};

ControlLink::ControlLink(const std::string& invitation, int rank, const ControlOptions& options,
                         const RankStatus& status, std::function<void(const Fault&)> on_fault)
    : rank_(rank),
      options_(options),
      status_(status),
      on_fault_(std::move(on_fault)),
      connection_(std::make_unique<Connection>()) {
  const Invitation invited = parse_invitation(invitation);
  connection_->socket = connect_to(invited.addresses, invited.port, std::chrono::seconds(5));
  connection_->socket.send(hello_message(invited.token, rank, host_name(), ::getpid()));
  thread_ = std::thread([this] { loop(); });
}

ControlLink::~ControlLink() {
  leaving_ = true;
  thread_.join();
}

void ControlLink::report_failure(const std::string& text) {
  {
    const std::lock_guard lock(mutex_);
    failure_ = text;
  }
  for (int i = 0; i < 100 && !failure_told_; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
}

std::optional<Fault> ControlLink::fault() const {
  const std::lock_guard lock(mutex_);
  return fault_;
}

void ControlLink::take(Fault fault) {
  {
    const std::lock_guard lock(mutex_);
    if (fault_) return;
    fault_ = fault;
  }
  on_fault_(fault);
}

void ControlLink::loop() {
  LineSocket& socket = connection_->socket;
  Clock::time_point heard = Clock::now(), said = Clock::now() - options_.beat;
  while (!leaving_) {
    pollfd wait{socket.descriptor(), POLLIN, 0};
    ::poll(&wait, 1, 20);
    const bool open = socket.exchange();
    while (const std::optional<std::string> line = socket.next_line()) {
      heard = Clock::now();
      if (const std::optional<Fault> fault = fault_in(*line)) take(*fault);
    }
    if (!open) {
      if (!leaving_) take({kPeerLost, "rank 0 is lost: its control connection has ended"});
      return;
    }
    const Clock::time_point now = Clock::now();
    if (now - heard > options_.silence)
      take({kPeerLate,
            str("rank 0 has said nothing for ", seconds_of(options_.silence), " s: it is stopped, or its host is")});
    std::optional<std::string> failure;
    {
      const std::lock_guard lock(mutex_);
      failure = std::exchange(failure_, std::nullopt);
    }
    if (failure) {
      socket.send(failure_message(*failure));
      failure_told_ = true;
    }
    if (now - said >= options_.beat) {
      socket.send(beat_message(status_.snapshot()));
      said = now;
    }
  }
  socket.send(farewell_message());
}

}  // namespace triad::train
