// The bytes behind tensors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "triad/core/device/allocator.h"
#include "triad/core/device/device.h"

namespace triad {

/// A block of memory that tensors share. The version counts writes: autograd compares it with the version at the time
/// a tensor was saved, so that a saved tensor changed in place is an error and not a wrong gradient.
class Storage {
 public:
  /// `bytes` uninitialised bytes from the current allocator of the device.
  Storage(Device device, size_t bytes)
      : device_(device), bytes_(bytes), allocator_(&allocator(device)), data_(allocator_->allocate(bytes)) {}
  /// Memory of somebody else, kept alive until `release` is called by the destructor.
  Storage(Device device, void* data, size_t bytes, std::function<void()> release)
      : device_(device), bytes_(bytes), data_(data), release_(std::move(release)) {}
  ~Storage() {
    if (allocator_) allocator_->deallocate(data_, bytes_);
    if (release_) release_();
  }
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  Device device() const { return device_; }
  size_t bytes() const { return bytes_; }
  std::byte* data() { return static_cast<std::byte*>(data_); }
  uint64_t version() const { return version_; }
  void bump_version() { ++version_; }

 private:
  Device device_;
  size_t bytes_;
  Allocator* allocator_ = nullptr;
  void* data_;
  std::function<void()> release_;
  uint64_t version_ = 0;
};

}  // namespace triad
