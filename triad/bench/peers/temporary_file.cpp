#include "triad/bench/peers/temporary_file.h"

#include <array>
#include <atomic>
#include <csignal>
#include <cstring>
#include <random>

#include <unistd.h>

#include "triad/core/base/error.h"

namespace triad::bench {
namespace {

/// What a signal handler may read: names in memory of the program itself.
struct Place {
  std::atomic<bool> taken = false, named = false;
  std::array<char, 4096> name{};
};
std::array<Place, 16> places;

extern "C" void remove_files(int signal) {
  for (const Place& place : places) {
    if (place.named) ::unlink(place.name.data());
  }
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

std::string random_name() {
  std::random_device random;
  return str("triad-", std::hex, random(), random(), "-");
}

}  // namespace

TemporaryFile::TemporaryFile(std::string_view name)
    : path_(std::filesystem::temp_directory_path() / (random_name() + std::string(name))), place_(places.size()) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) std::signal(signal, &remove_files);
  for (size_t i = 0; i < places.size() && place_ == places.size(); ++i) {
    if (!places[i].taken.exchange(true)) place_ = i;
  }
  const std::string text = path_.string();
  require<IoError>(place_ < places.size() && text.size() < places[0].name.size(), "temporary file", "no room for ",
                   text);
  std::strcpy(places[place_].name.data(), text.c_str());
  places[place_].named = true;
}

TemporaryFile::~TemporaryFile() {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
  places[place_].named = false;
  places[place_].taken = false;
}

}  // namespace triad::bench
