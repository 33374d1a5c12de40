#include "triad/core/base/profile.h"

#include "triad/core/base/error.h"

namespace triad {

thread_local Profile* ProfileScope::active = nullptr;
thread_local ProfileScope* ProfileScope::innermost = nullptr;

Profile::~Profile() {
  if (ProfileScope::active == this) stop();
}

void Profile::start() {
  require<ValueError>(!ProfileScope::active, "Profile", "another one is running on this thread");
  ProfileScope::active = this;
}

void Profile::stop() { ProfileScope::active = nullptr; }

void ProfileScope::enter(std::string_view name) {
  entered_ = true;
  name_ = name;
  outer_ = innermost;
  innermost = this;
  since_ = std::chrono::steady_clock::now();
}

void ProfileScope::leave() {
  const std::chrono::nanoseconds time = std::chrono::steady_clock::now() - since_;
  innermost = outer_;
  if (outer_) outer_->inner_time_ += time;
  if (!active) return;
  const auto found = active->entries_.try_emplace(std::string(name_)).first;
  ++found->second.calls;
  found->second.time += time - inner_time_;
}

}  // namespace triad
