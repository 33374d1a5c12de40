#include <algorithm>
#include <array>

#include "triad/data/formats/hdf5_session.h"

namespace triad::data::hdf5 {
namespace {

/// Chunks of data sets whose layout names no rows: large enough that a chunk's overhead is nothing, small enough to fit
/// the library's cache of 1 MiB.
constexpr int64_t kChunkBytes = 1 << 19;
/// A chunk is decompressed as a whole, so a hostile file may not claim more than this.
constexpr int64_t kMaxChunkBytes = int64_t{1} << 28;
/// deflate turns one byte into at most 1032 (RFC 1951: a match of 258 bytes takes two bits).
constexpr int64_t kMaxCompression = 1032;

std::array<hsize_t, kMaxRank> sizes_of(const Shape& shape) {
  std::array<hsize_t, kMaxRank> sizes{};
  for (int i = 0; i < shape.rank(); ++i) sizes[static_cast<size_t>(i)] = static_cast<hsize_t>(shape[i]);
  return sizes;
}

/// Extents of the chunks: all of a row if that is not too large, as many rows as fit.
Shape chunk_shape(const Shape& shape, size_t element_bytes, int64_t rows) {
  Shape chunk = shape;
  if (rows > 0) chunk[0] = std::min(rows, std::max<int64_t>(shape[0], 1));
  const int64_t limit = rows > 0 ? kMaxChunkBytes : kChunkBytes;
  for (int axis = 0; axis < chunk.rank(); ++axis) {
    const int64_t bytes = chunk.numel() * static_cast<int64_t>(element_bytes);
    if (bytes <= limit) break;
    chunk[axis] = std::max<int64_t>(1, limit / (bytes / chunk[axis]));
  }
  return chunk;
}

/// Checked multiplication: the shape comes from a file.
bool fits_in_memory(const Shape& shape, size_t element_bytes) {
  int64_t bytes = static_cast<int64_t>(element_bytes);
  for (const int64_t extent : shape) {
    if (extent < 0 || __builtin_mul_overflow(bytes, std::max<int64_t>(extent, 1), &bytes)) return false;
  }
  return true;
}

}  // namespace

Dataset::Dataset(Handle handle, std::shared_ptr<const std::string> file, std::string path)
    : Node(std::move(handle), std::move(file), std::move(path)) {
  const Session session;
  const Handle type = own_type(checked(H5Dget_type(handle_.id()), "read the type of ", where()));
  const auto element = element_of_type(type.id());
  require<IoError>(
      element.has_value(), "hdf5", where(), " holds elements of a type triad does not read",
      Hint{"integers of u8, i16, i32, i64, floating-point numbers of 16, 32 or 64 bits, or bool are read"});
  type_ = *element;
  const Handle space = own_space(checked(H5Dget_space(handle_.id()), "read the shape of ", where()));
  const int rank = checked(H5Sget_simple_extent_ndims(space.id()), "read the shape of ", where());
  require<IoError>(rank <= kMaxRank && H5Sget_simple_extent_type(space.id()) != H5S_NULL, "hdf5", where(), " has ",
                   rank, " axes, at most ", kMaxRank, " are read");
  std::array<hsize_t, kMaxRank> sizes{};
  checked(H5Sget_simple_extent_dims(space.id(), sizes.data(), nullptr), "read the shape of ", where());
  for (int i = 0; i < rank; ++i) shape_.push_back(static_cast<int64_t>(sizes[static_cast<size_t>(i)]));
  require<IoError>(fits_in_memory(shape_, size_of(type_)), "hdf5", where(), " claims a shape of ", shape_);

  const Handle properties = own_properties(checked(H5Dget_create_plist(handle_.id()), "read the layout of ", where()));
  require<IoError>(H5Pget_external_count(properties.id()) == 0, "hdf5", where(), " refers to data in other files");
  const H5D_layout_t layout = H5Pget_layout(properties.id());
  require<IoError>(layout == H5D_CHUNKED || layout == H5D_CONTIGUOUS || layout == H5D_COMPACT, "hdf5", where(),
                   " is a view of data in other files");
  if (layout != H5D_CHUNKED) return;
  checked(H5Pget_chunk(properties.id(), rank, sizes.data()), "read the layout of ", where());
  Shape chunk;
  for (int i = 0; i < rank; ++i) chunk.push_back(static_cast<int64_t>(sizes[static_cast<size_t>(i)]));
  require<IoError>(
      fits_in_memory(chunk, size_of(type_)) && chunk.numel() * static_cast<int64_t>(size_of(type_)) <= kMaxChunkBytes,
      "hdf5", where(), " claims chunks of ", chunk, ", more than ", kMaxChunkBytes >> 20, " MiB each");
  chunk_rows_ = chunk[0];
}

size_t Dataset::row_bytes() const {
  size_t bytes = size_of(type_);
  for (int i = 1; i < shape_.rank(); ++i) bytes *= static_cast<size_t>(shape_[i]);
  return bytes;
}

void Dataset::check_type(ElementType wanted) const {
  if (type_ == ElementType::boolean && wanted == ElementType::u8) return;
  require<IoError>(type_ == wanted, "hdf5", where(), " holds ", type_, ", expected ", wanted);
}

void Dataset::check_plausible() const {
  const Session session;
  const auto stored = static_cast<int64_t>(H5Dget_storage_size(handle_.id()));
  const int64_t claimed = shape_.numel() * static_cast<int64_t>(size_of(type_));
  require<IoError>(claimed / kMaxCompression <= stored, "hdf5", where(), " claims ", claimed, " bytes in shape ",
                   shape_, ", the file has ", stored, " bytes for it");
}

void Dataset::read_rows(int64_t first, int64_t count, std::span<std::byte> out) const {
  require<ValueError>(first >= 0 && count >= 0 && first <= rows() - count, "hdf5", "rows [", first, ", ", first + count,
                      ") of ", where(), ", which has ", rows());
  require<ValueError>(out.size() == static_cast<size_t>(count) * row_bytes(), "hdf5", count, " rows of ", where(),
                      " are ", static_cast<size_t>(count) * row_bytes(), " bytes, the buffer has ", out.size());
  if (!out.empty()) transfer(true, first, count, out.data());
}

void Dataset::write_rows(int64_t first, int64_t count, std::span<const std::byte> in) {
  require<ValueError>(first >= 0 && count >= 0 && first <= rows() - count, "hdf5", "rows [", first, ", ", first + count,
                      ") of ", where(), ", which has ", rows());
  require<ValueError>(in.size() == static_cast<size_t>(count) * row_bytes(), "hdf5", count, " rows of ", where(),
                      " are ", static_cast<size_t>(count) * row_bytes(), " bytes, the buffer has ", in.size());
  if (!in.empty()) transfer(false, first, count, const_cast<std::byte*>(in.data()));
}

void Dataset::transfer(bool reading, int64_t first, int64_t count, void* memory) const {
  const Session session;
  const Handle type = memory_type(type_);
  Handle in_file = own_space(checked(H5Dget_space(handle_.id()), "read the shape of ", where()));
  Handle in_memory = own_space(checked(H5Scopy(in_file.id()), "copy a shape"));
  if (!shape_.empty()) {
    Shape part = shape_;
    part[0] = count;
    const auto size = sizes_of(part);
    std::array<hsize_t, kMaxRank> start{};
    start[0] = static_cast<hsize_t>(first);
    in_memory = own_space(checked(H5Screate_simple(part.rank(), size.data(), nullptr), "make a shape"));
    checked(H5Sselect_hyperslab(in_file.id(), H5S_SELECT_SET, start.data(), nullptr, size.data(), nullptr),
            "select rows of ", where());
  }
  if (reading) {
    checked(H5Dread(handle_.id(), type.id(), in_memory.id(), in_file.id(), H5P_DEFAULT, memory), "read rows [", first,
            ", ", first + count, ") of ", where());
  } else {
    checked(H5Dwrite(handle_.id(), type.id(), in_memory.id(), in_file.id(), H5P_DEFAULT, memory), "write rows [", first,
            ", ", first + count, ") of ", where());
  }
}

void Dataset::resize(int64_t rows) {
  require<ValueError>(!shape_.empty() && rows >= 0, "hdf5", "cannot give ", where(), " ", rows, " rows");
  const Session session;
  Shape shape = shape_;
  shape[0] = rows;
  checked(H5Dset_extent(handle_.id(), sizes_of(shape).data()), "give ", where(), " ", rows, " rows");
  shape_ = shape;
}

Dataset Group::create_dataset(const std::string& name, ElementType type, const Shape& shape, const Layout& layout) {
  const std::string path = path_of(name);
  require<ValueError>(fits_in_memory(shape, size_of(type)), "hdf5", "'", path, "' cannot have shape ", shape);
  require<ValueError>(layout.deflate >= 0 && layout.deflate <= 9, "hdf5", "deflate level ", layout.deflate, " for '",
                      path, "', expected 0 to 9");
  require<ValueError>(!layout.growable || !shape.empty(), "hdf5", "'", path, "' is a scalar and cannot grow");
  const Session session;
  make_parents(name);
  const Handle links = link_creation();
  const Handle properties = own_properties(checked(H5Pcreate(H5P_DATASET_CREATE), "make data set properties"));
  checked(H5Pset_obj_track_times(properties.id(), false), "turn object times off");
  Shape padded = shape;  // the shape that chunks are cut from
  for (int64_t& extent : padded) extent = std::max<int64_t>(extent, 1);
  if (!layout.growable && (shape.empty() || shape.numel() == 0)) {
    // In the object header, whose checksum covers it.
    checked(H5Pset_layout(properties.id(), H5D_COMPACT), "set the layout of '", path, "'");
  } else {
    if (layout.growable && layout.chunk_rows > 0) padded[0] = std::max(padded[0], layout.chunk_rows);
    const auto chunk = sizes_of(chunk_shape(padded, size_of(type), layout.chunk_rows));
    checked(H5Pset_chunk(properties.id(), shape.rank(), chunk.data()), "set the chunks of '", path, "'");
    if (layout.deflate > 0) {
      if (size_of(type) > 1) checked(H5Pset_shuffle(properties.id()), "set the filters of '", path, "'");
      checked(H5Pset_deflate(properties.id(), static_cast<unsigned>(layout.deflate)), "set the filters of '", path,
              "'");
    }
    if (layout.checksum) checked(H5Pset_fletcher32(properties.id()), "set the filters of '", path, "'");
  }
  Handle space = own_space(checked(H5Screate(H5S_SCALAR), "make a shape"));
  if (!shape.empty()) {
    const auto size = sizes_of(shape);
    auto most = size;
    if (layout.growable) most[0] = H5S_UNLIMITED;
    space = own_space(checked(H5Screate_simple(shape.rank(), size.data(), most.data()), "make a shape"));
  }
  Handle made(checked(H5Dcreate2(handle_.id(), name.c_str(), file_type(type).id(), space.id(), links.id(),
                                 properties.id(), H5P_DEFAULT),
                      "make data set '", name, "' in ", where()),
              H5Dclose);
  return {std::move(made), file_, path};
}

}  // namespace triad::data::hdf5
