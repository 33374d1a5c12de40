#include "triad/data/scenes/speech.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>

#include "triad/core/base/error.h"
#include "triad/data/audio/resample.h"
#include "triad/data/scenes/run_program.h"
#include "triad/data/scenes/streamed_wav.h"

namespace triad::data {
namespace {

constexpr std::string_view kWhere = "speak";
constexpr std::chrono::seconds kLimit{30};
const std::string kInstallHint = "install the package espeak-ng; the built-in data set is spoken by it";

/// Cuts off what is quieter than -46 dB of full scale at both ends, but for 20 ms.
void trim_silence(Waveform& sound) {
  constexpr float kQuiet = 0.005f;
  const auto is_loud = [](float sample) { return std::abs(sample) > kQuiet; };
  const auto margin = static_cast<std::ptrdiff_t>(sound.sample_rate / 50);
  auto& samples = sound.samples;
  const auto first = std::find_if(samples.begin(), samples.end(), is_loud);
  const auto last = std::find_if(samples.rbegin(), samples.rend(), is_loud).base();
  if (first == samples.end()) return;
  const auto begin = first - std::min(margin, first - samples.begin());
  const auto end = last + std::min(margin, samples.end() - last);
  samples = std::vector<float>(begin, end);
}

void check_in(int value, int low, int high, std::string_view what) {
  require<ValueError>(value >= low && value <= high, kWhere, what, " is ", value, ", expected ", low, " to ", high);
}

}  // namespace

Waveform speak(std::string_view text, const SpeakingStyle& style) {
  constexpr size_t kLongest = 4096;
  require<ValueError>(!text.empty() && text.size() <= kLongest, kWhere, "the text has ", text.size(),
                      " bytes, expected 1 to ", kLongest);
  require<ValueError>(text.find('\0') == text.npos, kWhere, "the text holds a zero byte");
  check_in(style.words_per_minute, 80, 450, "words_per_minute");
  check_in(style.pitch, 0, 99, "pitch");
  const std::string stream =
      run_program({"espeak-ng", "--stdout", "-z", "-v", style.voice, "-s", std::to_string(style.words_per_minute), "-p",
                   std::to_string(style.pitch), "--", std::string(text)},
                  kLimit, kInstallHint);
  Waveform sound = parse_streamed_wav(stream);
  require<IoError>(!sound.samples.empty(), kWhere, "espeak-ng made no sound of \"", text, "\" with voice ",
                   style.voice);
  trim_silence(sound);
  return sound;
}

SpeakingStyle draw_speaking_style(RandomStream& random) {
  // None with "breath": espeak-ng 1.52 computes that from memory it never set, and a clip in a hundred comes out different.
  static constexpr std::array<std::string_view, 8> kVoices = {
      "en-us", "en-us+f1", "en-us+m3", "en-us+f4", "en-us+m7", "en-gb", "en-gb-scotland", "en-gb-x-rp+f4"};
  SpeakingStyle style;
  style.voice = kVoices[random.below(kVoices.size())];
  style.words_per_minute = 170 + static_cast<int>(random.below(51));
  style.pitch = 30 + static_cast<int>(random.below(41));
  return style;
}

Waveform speak_at_random(std::string_view text, int sample_rate, RandomStream& random) {
  const SpeakingStyle style = draw_speaking_style(random);
  const double loudness = 0.03 * std::pow(5.0, random.uniform());
  const double decibels = 15 + 25 * random.uniform();
  Waveform sound = resample(speak(text, style), sample_rate);

  double energy = 0;
  for (const float sample : sound.samples) energy += static_cast<double>(sample) * sample;
  const double rms = std::sqrt(energy / static_cast<double>(sound.samples.size()));
  const auto gain = static_cast<float>(rms > 0 ? loudness / rms : 1.0);
  // Noise of a uniform distribution, whose standard deviation is its width divided by sqrt(12).
  const auto width = static_cast<float>(std::sqrt(12.0) * loudness * std::pow(10.0, -decibels / 20));
  for (float& sample : sound.samples) {
    const float noise = width * (uniform_from_bits(random.bits()) - 0.5f);
    sample = std::clamp(gain * sample + noise, -1.0f, 1.0f);
  }
  return sound;
}

std::vector<Waveform> speak_all(std::span<const SpeechRequest> requests, int sample_rate, int threads) {
  check_in(threads, 0, 1024, "threads");
  if (threads == 0) threads = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  std::vector<Waveform> sounds(requests.size());
  std::atomic<size_t> next{0};
  std::mutex mutex;
  std::exception_ptr error;
  const auto work = [&] {
    try {
      for (size_t i; (i = next.fetch_add(1)) < requests.size();) {
        RandomStream random(requests[i].key);
        sounds[i] = speak_at_random(requests[i].text, sample_rate, random);
      }
    } catch (...) {
      next = requests.size();
      const std::lock_guard lock(mutex);
      if (!error) error = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> pool;
    const size_t workers = std::min(static_cast<size_t>(threads), requests.size());
    for (size_t i = 0; i < workers; ++i) pool.emplace_back(work);
  }
  if (error) std::rethrow_exception(error);
  return sounds;
}

std::string speech_program_version() {
  std::string line = run_program({"espeak-ng", "--version"}, kLimit, kInstallHint);
  line.resize(std::min(line.size(), line.find('\n')));
  return line;
}

}  // namespace triad::data
