// Event files that TensorBoard reads: TFRecord frames around Event messages in protocol-buffer encoding.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace triad::train {

class TensorBoardWriter {
 public:
  /// Makes "events.out.tfevents.SECONDS.triad" in `dir`. IoError if it cannot.
  TensorBoardWriter(const std::filesystem::path& dir, double wall_time);

  /// One point of the curve `tag`. wall_time: seconds since 1970.
  void scalar(std::string_view tag, int64_t step, double value, double wall_time);
  /// IoError if what was added cannot be written.
  void flush();

 private:
  void write_event(const std::string& event);
  void check_written() const;

  std::filesystem::path file_;
  std::ofstream out_;
};

/// CRC-32C (Castagnoli), reflected polynomial 0x82F63B78, as RFC 3720 defines it.
uint32_t crc32c(std::string_view bytes);

}  // namespace triad::train
