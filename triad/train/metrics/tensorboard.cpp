#include "triad/train/metrics/tensorboard.h"

#include <array>
#include <bit>
#include <cstring>

#include "triad/core/base/error.h"

namespace triad::train {
namespace {

// Field numbers of tensorflow.Event, .Summary and .Summary.Value.
constexpr int kWallTime = 1, kStep = 2, kFileVersion = 3, kSummary = 5, kValue = 1, kTag = 1, kSimpleValue = 2;

void put_varint(std::string& out, uint64_t value) {
  for (; value >= 128; value >>= 7) out += static_cast<char>(value | 128);
  out += static_cast<char>(value);
}
template <class T>
void put_fixed(std::string& out, T value) {
  static_assert(std::endian::native == std::endian::little);
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  out.append(bytes, sizeof(T));
}
enum WireType { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };
void put_key(std::string& out, int field, WireType type) { put_varint(out, static_cast<uint64_t>(field << 3 | type)); }
void put_bytes(std::string& out, int field, std::string_view content) {
  put_key(out, field, bytes);
  put_varint(out, content.size());
  out += content;
}

std::string event_at(double wall_time) {
  std::string event;
  put_key(event, kWallTime, fixed64);
  put_fixed(event, wall_time);
  return event;
}

/// TFRecord stores a rotated checksum, so that a checksum of data with checksums inside stays meaningful.
uint32_t masked_crc(std::string_view data) {
  const uint32_t crc = crc32c(data);
  return std::rotr(crc, 15) + 0xa282ead8u;
}

}  // namespace

uint32_t crc32c(std::string_view data) {
  static const std::array<uint32_t, 256> table = [] {
    std::array<uint32_t, 256> t{};
    for (uint32_t i = 0; i < 256; ++i) {
      uint32_t crc = i;
      for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? 0x82F63B78u : 0u);
      t[i] = crc;
    }
    return t;
  }();
  uint32_t crc = ~0u;
  for (const char c : data) crc = table[(crc ^ static_cast<uint8_t>(c)) & 0xff] ^ (crc >> 8);
  return ~crc;
}

TensorBoardWriter::TensorBoardWriter(const std::filesystem::path& dir, double wall_time)
    : file_(dir / str("events.out.tfevents.", static_cast<int64_t>(wall_time), ".triad")),
      out_(file_, std::ios::binary | std::ios::app) {
  std::string event = event_at(wall_time);
  put_bytes(event, kFileVersion, "brain.Event:2");
  write_event(event);
}

void TensorBoardWriter::scalar(std::string_view tag, int64_t step, double value, double wall_time) {
  std::string point;
  put_bytes(point, kTag, tag);
  put_key(point, kSimpleValue, fixed32);
  put_fixed(point, static_cast<float>(value));
  std::string summary;
  put_bytes(summary, kValue, point);
  std::string event = event_at(wall_time);
  put_key(event, kStep, varint);
  put_varint(event, static_cast<uint64_t>(step));
  put_bytes(event, kSummary, summary);
  write_event(event);
}

void TensorBoardWriter::write_event(const std::string& event) {
  std::string length;
  put_fixed(length, static_cast<uint64_t>(event.size()));
  std::string record = length;
  put_fixed(record, masked_crc(length));
  record += event;
  put_fixed(record, masked_crc(event));
  out_.write(record.data(), static_cast<std::streamsize>(record.size()));
  check_written();
}

void TensorBoardWriter::flush() {
  out_.flush();
  check_written();
}

void TensorBoardWriter::check_written() const {
  require<IoError>(out_.good(), file_.string(), "cannot be written", Hint{"is the disk full?"});
}

}  // namespace triad::train
