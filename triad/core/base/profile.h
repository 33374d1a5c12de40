// Where the time goes: kernels and memory operations tell their name while they run, and whoever wants to know listens.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace triad {

/// Adds up the time between start() and stop() by name, of the thread that started it. Time inside a nested scope counts
/// for the inner name only. One at a time.
class Profile {
 public:
  struct Entry {
    int64_t calls = 0;
    std::chrono::nanoseconds time{0};
  };

  Profile() = default;
  ~Profile();  ///< as stop(), if it is running
  Profile(const Profile&) = delete;
  Profile& operator=(const Profile&) = delete;

  void start();
  void stop();
  const std::map<std::string, Entry, std::less<>>& entries() const { return entries_; }

 private:
  friend class ProfileScope;

  std::map<std::string, Entry, std::less<>> entries_;
};

/// The time from its construction to its end belongs to `name`. Costs a comparison where nobody listens.
class ProfileScope {
 public:
  explicit ProfileScope(std::string_view name) {
    if (active) enter(name);
  }
  ~ProfileScope() {
    if (entered_) leave();
  }
  ProfileScope(const ProfileScope&) = delete;
  ProfileScope& operator=(const ProfileScope&) = delete;

 private:
  friend class Profile;

  void enter(std::string_view name);
  void leave();

  static thread_local Profile* active;
  static thread_local ProfileScope* innermost;

  bool entered_ = false;
  std::string_view name_;
  ProfileScope* outer_ = nullptr;
  std::chrono::steady_clock::time_point since_;
  std::chrono::nanoseconds inner_time_{0};
};

}  // namespace triad
