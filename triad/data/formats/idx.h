// IDX files, the format of MNIST.                                        [yann.lecun.com/exdb/mnist, "the IDX file
// format"]
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "triad/core/base/shape.h"

namespace triad::data {

/// An array of bytes, row-major.
struct IdxArray {
  Shape shape;
  std::vector<uint8_t> values;
};

/// Reads an IDX file of unsigned bytes, plain or compressed by gzip. IoError naming the file and what is wrong: another
/// element type, too many axes, more or fewer bytes than the shape says, damaged compression.
IdxArray read_idx(const std::filesystem::path& path);

}  // namespace triad::data
