#pragma once

#include <cstdint>
#include <filesystem>

namespace triad::bench {

/// Bytes of the last cache that one processor reaches, as Linux tells below `processor` in its file system; 32 MB where it
/// does not. (sysconf() adds up all caches of a package, of which a processor reaches but one.)
int64_t last_cache_bytes(const std::filesystem::path& processor = "/sys/devices/system/cpu/cpu0");

/// Bytes that a program may still take without others having to give some up (MemAvailable in proc(5)); 0 where Linux does not
/// tell.
double available_memory_bytes();

}  // namespace triad::bench
