#include "triad/data/formats/hdf5_session.h"

namespace triad::data::hdf5 {

bool Node::has_attribute(const std::string& name) const {
  const Session session;
  return checked(H5Aexists(handle_.id(), name.c_str()), "look for attribute '", name, "' of ", where()) > 0;
}

void Node::set_attribute(const std::string& name, std::string_view text) {
  require<ValueError>(text.find('\0') == text.npos, "hdf5", "attribute '", name, "' of ", where(),
                      " would hold a NUL byte, which would end the text");
  const Session session;
  if (has_attribute(name)) checked(H5Adelete(handle_.id(), name.c_str()), "replace '", name, "' of ", where());
  const Handle type = own_type(checked(H5Tcopy(H5T_C_S1), "copy a type"));
  checked(H5Tset_size(type.id(), std::max<size_t>(text.size(), 1)), "set the length of '", name, "' of ", where());
  checked(H5Tset_cset(type.id(), H5T_CSET_UTF8), "set a character set");
  checked(H5Tset_strpad(type.id(), H5T_STR_NULLPAD), "set a padding");
  const Handle space = own_space(checked(H5Screate(H5S_SCALAR), "make a scalar"));
  const Handle attribute(
      checked(H5Acreate2(handle_.id(), name.c_str(), type.id(), space.id(), H5P_DEFAULT, H5P_DEFAULT),
              "make attribute '", name, "' of ", where()),
      H5Aclose);
  const std::string padded = text.empty() ? std::string(1, '\0') : std::string(text);
  checked(H5Awrite(attribute.id(), type.id(), padded.data()), "write attribute '", name, "' of ", where());
}

std::string Node::text_attribute(const std::string& name) const {
  const Session session;
  const Handle attribute(
      checked(H5Aopen(handle_.id(), name.c_str(), H5P_DEFAULT), "open attribute '", name, "' of ", where()), H5Aclose);
  const Handle type = own_type(checked(H5Aget_type(attribute.id()), "read attribute '", name, "' of ", where()));
  const Handle space = own_space(checked(H5Aget_space(attribute.id()), "read attribute '", name, "' of ", where()));
  require<IoError>(H5Tget_class(type.id()) == H5T_STRING && H5Sget_simple_extent_npoints(space.id()) == 1, "hdf5",
                   "attribute '", name, "' of ", where(), " is not a text");
  if (H5Tis_variable_str(type.id()) > 0) {
    char* text = nullptr;
    checked(H5Aread(attribute.id(), type.id(), static_cast<void*>(&text)), "read attribute '", name, "' of ", where());
    const std::string result = text ? text : "";
    H5free_memory(text);
    return result;
  }
  const auto stored = static_cast<size_t>(H5Aget_storage_size(attribute.id()));
  require<IoError>(stored == H5Tget_size(type.id()), "hdf5", "attribute '", name, "' of ", where(), " claims ",
                   H5Tget_size(type.id()), " bytes and has ", stored);
  std::string text(stored, '\0');
  checked(H5Aread(attribute.id(), type.id(), text.data()), "read attribute '", name, "' of ", where());
  if (const size_t end = text.find('\0'); end != text.npos) text.resize(end);
  return text;
}

void Node::write_attribute(const std::string& name, ElementType type, const void* values, size_t count) {
  const Session session;
  if (has_attribute(name)) checked(H5Adelete(handle_.id(), name.c_str()), "replace '", name, "' of ", where());
  const hsize_t size = count;
  const Handle space = own_space(checked(H5Screate_simple(1, &size, nullptr), "make a list"));
  const Handle attribute(
      checked(H5Acreate2(handle_.id(), name.c_str(), file_type(type).id(), space.id(), H5P_DEFAULT, H5P_DEFAULT),
              "make attribute '", name, "' of ", where()),
      H5Aclose);
  if (count == 0) return;
  checked(H5Awrite(attribute.id(), memory_type(type).id(), values), "write attribute '", name, "' of ", where());
}

size_t Node::attribute_size(const std::string& name, ElementType type, int64_t expected) const {
  const Session session;
  const Handle attribute(
      checked(H5Aopen(handle_.id(), name.c_str(), H5P_DEFAULT), "open attribute '", name, "' of ", where()), H5Aclose);
  const Handle stored = own_type(checked(H5Aget_type(attribute.id()), "read attribute '", name, "' of ", where()));
  require<IoError>(element_of_type(stored.id()) == type, "hdf5", "attribute '", name, "' of ", where(),
                   " does not hold numbers of type ", type);
  const Handle space = own_space(checked(H5Aget_space(attribute.id()), "read attribute '", name, "' of ", where()));
  const hssize_t count = checked(H5Sget_simple_extent_npoints(space.id()), "read attribute '", name, "' of ", where());
  require<IoError>(expected < 0 || count == expected, "hdf5", "attribute '", name, "' of ", where(), " has ", count,
                   " values, expected ", expected);
  require<IoError>(static_cast<size_t>(count) * size_of(type) == H5Aget_storage_size(attribute.id()), "hdf5",
                   "attribute '", name, "' of ", where(), " claims ", count, " values and has ",
                   H5Aget_storage_size(attribute.id()), " bytes");
  return static_cast<size_t>(count);
}

void Node::read_attribute(const std::string& name, ElementType type, void* values) const {
  if (!values) return;  // an empty list
  const Session session;
  const Handle attribute(
      checked(H5Aopen(handle_.id(), name.c_str(), H5P_DEFAULT), "open attribute '", name, "' of ", where()), H5Aclose);
  checked(H5Aread(attribute.id(), memory_type(type).id(), values), "read attribute '", name, "' of ", where());
}

}  // namespace triad::data::hdf5
