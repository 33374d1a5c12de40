// HDF5 files: what triad needs of the format, over the C library, with typed errors and owned handles.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "triad/core/base/shape.h"
#include "triad/data/formats/element_type.h"

/// Every function throws IoError naming the file, the object in it and the cause the library gave, which it never
/// prints itself. All calls go through one lock, so objects of different threads may be used at the same time whatever
/// build of the library is installed; one object belongs to one thread at a time. Destructors close what is open and do
/// not throw.
namespace triad::data::hdf5 {

/// Owns one identifier of the library. Movable.
class Handle {
 public:
  using Close = int (*)(int64_t);

  Handle() = default;
  Handle(int64_t id, Close close) : id_(id), close_(close) {}
  Handle(Handle&& other) noexcept : id_(other.release()), close_(other.close_) {}
  Handle& operator=(Handle&& other) noexcept;
  ~Handle() { reset(); }

  int64_t id() const { return id_; }
  bool is_open() const { return id_ >= 0; }
  int64_t release() {
    const int64_t id = id_;
    id_ = -1;
    return id;
  }
  /// Closes; false if the library reports an error.
  bool reset() noexcept;

 private:
  int64_t id_ = -1;
  Close close_ = nullptr;
};

/// How a data set lies in the file.
struct Layout {
  int64_t chunk_rows = 0;  ///< entries of the first axis stored, compressed and checked together; 0: about 64 KiB
  int deflate = 1;         ///< 0 (none) to 9
  bool checksum = true;    ///< Fletcher-32 over every chunk: a damaged one is an error when it is read
  bool growable = false;   ///< the first axis may be resized
};

/// What groups and data sets have in common: a place in a file, and attributes.
class Node {
 public:
  /// "'/group/name' in FILE", for messages.
  std::string where() const { return "'" + path_ + "' in " + *file_; }

  bool has_attribute(const std::string& name) const;
  /// Sets or replaces. Text is UTF-8 without NUL bytes (ValueError).
  void set_attribute(const std::string& name, std::string_view text);
  void set_attribute(const std::string& name, int64_t value) { set_values<int64_t>(name, {&value, 1}); }
  void set_attribute(const std::string& name, double value) { set_values<double>(name, {&value, 1}); }
  /// Text of either kind, fixed or variable length.
  std::string text_attribute(const std::string& name) const;
  int64_t integer_attribute(const std::string& name) const { return values_attribute<int64_t>(name, 1).front(); }
  double real_attribute(const std::string& name) const { return values_attribute<double>(name, 1).front(); }

  /// A list of numbers. T: one of the element types except bool.
  template <class T>
  void set_values(const std::string& name, std::span<const T> values) {
    write_attribute(name, element_type_of<T>, values.data(), values.size());
  }
  /// IoError unless the attribute has numbers of T, and `expected` of them if that is not negative.
  template <class T>
  std::vector<T> values_attribute(const std::string& name, int64_t expected = -1) const {
    std::vector<T> values(attribute_size(name, element_type_of<T>, expected));
    read_attribute(name, element_type_of<T>, values.data());
    return values;
  }

 protected:
  Node() = default;
  Node(Handle handle, std::shared_ptr<const std::string> file, std::string path)
      : handle_(std::move(handle)), file_(std::move(file)), path_(std::move(path)) {}

  Handle handle_;
  std::shared_ptr<const std::string> file_;
  std::string path_;

 private:
  void write_attribute(const std::string& name, ElementType type, const void* values, size_t count);
  size_t attribute_size(const std::string& name, ElementType type, int64_t expected) const;
  void read_attribute(const std::string& name, ElementType type, void* values) const;
};

/// An array in a file. Rows are the entries along its first axis.
class Dataset : public Node {
 public:
  ElementType type() const { return type_; }
  const Shape& shape() const { return shape_; }
  int64_t rows() const { return shape_.empty() ? 1 : shape_[0]; }
  /// Bytes of one row in memory.
  size_t row_bytes() const;
  /// Rows stored together; 0 if the data set is not chunked.
  int64_t chunk_rows() const { return chunk_rows_; }

  /// Reads or writes `count` rows from `first` on. The span must have exactly their size (ValueError); a range outside
  /// of the data set is a ValueError.
  void read_rows(int64_t first, int64_t count, std::span<std::byte> out) const;
  void write_rows(int64_t first, int64_t count, std::span<const std::byte> in);
  /// Changes the extent of the first axis; the data set must be growable.
  void resize(int64_t rows);

  /// Everything. T must be the stored element type; bool is read as uint8_t of 0 and 1.
  template <class T>
  std::vector<T> read() const {
    check_type(element_type_of<T>);
    check_plausible();
    std::vector<T> values(static_cast<size_t>(shape_.numel()));
    read_rows(0, rows(), std::as_writable_bytes(std::span(values)));
    return values;
  }
  template <class T>
  void write(std::span<const T> values) {
    check_type(element_type_of<T>);
    write_rows(0, rows(), std::as_bytes(values));
  }
  /// IoError if the file holds too few bytes for the shape this data set claims, so that a hostile shape allocates
  /// nothing.
  void check_plausible() const;

 private:
  friend class Group;
  Dataset(Handle handle, std::shared_ptr<const std::string> file, std::string path);
  void check_type(ElementType wanted) const;
  void transfer(bool reading, int64_t first, int64_t count, void* memory) const;

  ElementType type_ = ElementType::u8;
  Shape shape_;
  int64_t chunk_rows_ = 0;
};

/// A folder of data sets and groups. Names may be paths, "encoder/layer0/weight"; groups on the way are made as needed.
/// Only hard links are followed: a file cannot refer to data outside of itself.
class Group : public Node {
 public:
  /// Of groups and data sets directly in this group, in alphabetical order.
  std::vector<std::string> names() const;
  bool contains(const std::string& name) const;
  bool is_group(const std::string& name) const;

  Group create_group(const std::string& name);
  Group group(const std::string& name) const;
  Dataset create_dataset(const std::string& name, ElementType type, const Shape& shape, const Layout& layout = {});
  Dataset dataset(const std::string& name) const;

  template <class T>
  void write(const std::string& name, std::span<const T> values, const Shape& shape, const Layout& layout = {}) {
    create_dataset(name, element_type_of<T>, shape, layout).template write<T>(values);
  }
  template <class T>
  std::vector<T> read(const std::string& name) const {
    return dataset(name).template read<T>();
  }
  /// Text of any length, stored as bytes.
  void write_text(const std::string& name, std::string_view text);
  std::string read_text(const std::string& name) const;

 protected:
  using Node::Node;

 private:
  std::string path_of(const std::string& name) const;
  void check_links(const std::string& name) const;
  void make_group(const std::string& name);
  void make_parents(const std::string& name);
};

/// An HDF5 file, and its root group. Files are written once: metadata and data carry checksums, object times are not
/// recorded (equal content gives equal bytes), file locks are not taken.
class File : public Group {
 public:
  /// A new file; IoError if it exists. It lies in memory until close() and is not safe on disk before.
  static File create(const std::filesystem::path& path);
  /// An existing file, to read. Files of other programs open too, as long as they use no links out of the file.
  static File open(const std::filesystem::path& path);

  /// Writes a new file to disk, and closes. Throws if it cannot be written, or while a group or data set of this file is
  /// still open. A new file that goes without close() may be incomplete.
  void close();

 private:
  using Group::Group;
};

/// "HDF5 1.10.8".
std::string library_version();

}  // namespace triad::data::hdf5
