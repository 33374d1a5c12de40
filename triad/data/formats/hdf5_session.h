// Inner side of hdf5.cpp: the lock around the library, its error stack as text, its types. The only header that shows
// <hdf5.h>.
#pragma once

#include <optional>
#include <string>

#include <hdf5.h>

#include "triad/core/base/error.h"
#include "triad/data/formats/element_type.h"
#include "triad/data/formats/hdf5.h"

namespace triad::data::hdf5 {

/// Held around every use of the library, error handling included: the error stack belongs to the last call. Silences
/// the library's own printing meanwhile, which a program that uses HDF5 by itself may want elsewhere. May be nested.
class Session {
 public:
  Session();
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

 private:
  H5E_auto2_t print_ = nullptr;
  void* print_data_ = nullptr;
};

/// What the library says about the last failed call, from the cause outwards, and forgets it.
std::string take_cause();

/// `result` of a call unless it is negative; then IoError "hdf5: DOING: CAUSE". Needs a Session.
template <class T, class... Doing>
T checked(T result, const Doing&... doing) {
  if (result < 0) [[unlikely]]
    fail<IoError>("hdf5", str("cannot ", doing...), ": ", take_cause());
  return result;
}

Handle own_type(hid_t id);
Handle own_space(hid_t id);
Handle own_properties(hid_t id);
/// Properties of new links: names are UTF-8.
Handle link_creation();

/// The type of elements in files: little-endian; bool as the enumeration FALSE, TRUE of h5py; bf16 and f16 as
/// floating-point types of 16 bits.
Handle file_type(ElementType type);
/// The same in memory.
Handle memory_type(ElementType type);
/// Which of ours a type is, whatever its byte order.
std::optional<ElementType> element_of_type(hid_t type);

}  // namespace triad::data::hdf5
