#include "triad/data/formats/hdf5_session.h"

#include <mutex>
#include <vector>

namespace triad::data::hdf5 {
namespace {

/// One lock whether or not the library brings its own, so that both builds behave alike. It lives as long as the
/// process: handles in static objects may be closed late.
std::recursive_mutex& library_lock() {
  static auto* lock = [] {
    // Everything is closed by its owner. What a damaged file or a full disk made impossible to close, the library would try
    // again at exit, and report on standard error.
    H5dont_atexit();
    return new std::recursive_mutex;
  }();
  return *lock;
}

/// 16 bits of floating point: a sign, `exponent` bits, the rest mantissa.
Handle half_type(size_t exponent) {
  Handle type = own_type(checked(H5Tcopy(H5T_IEEE_F32LE), "make a 16-bit type"));
  const size_t mantissa = 15 - exponent;
  checked(H5Tset_fields(type.id(), 15, mantissa, exponent, 0, mantissa), "make a 16-bit type");
  checked(H5Tset_size(type.id(), 2), "make a 16-bit type");
  checked(H5Tset_ebias(type.id(), (size_t{1} << (exponent - 1)) - 1), "make a 16-bit type");
  return type;
}

Handle boolean_type() {
  Handle type = own_type(checked(H5Tenum_create(H5T_STD_I8LE), "make the type of bool"));
  int8_t value = 0;
  checked(H5Tenum_insert(type.id(), "FALSE", &value), "make the type of bool");
  value = 1;
  checked(H5Tenum_insert(type.id(), "TRUE", &value), "make the type of bool");
  return type;
}

}  // namespace

Session::Session() {
  library_lock().lock();
  H5Eget_auto2(H5E_DEFAULT, &print_, &print_data_);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

Session::~Session() {
  H5Eset_auto2(H5E_DEFAULT, print_, print_data_);
  library_lock().unlock();
}

std::string take_cause() {
  std::vector<std::string> causes;
  const auto collect = [](unsigned, const H5E_error2_t* error, void* data) -> herr_t {
    if (error->desc) static_cast<std::vector<std::string>*>(data)->emplace_back(error->desc);
    return 0;
  };
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, collect, &causes);
  H5Eclear2(H5E_DEFAULT);
  // Where the system refused, what it says is all that matters to a person; the library tells it among times and addresses.
  constexpr std::string_view kSays = "error message = '";
  for (const std::string& cause : causes) {
    if (const size_t at = cause.find(kSays); at != cause.npos) {
      const size_t begin = at + kSays.size();
      return cause.substr(begin, cause.find('\'', begin) - begin);
    }
  }
  // The innermost entry is the cause, the next one says what was being read; what follows repeats the names of
  // functions.
  if (causes.empty()) return "the library gives no cause";
  return causes.size() == 1 ? causes[0] : causes[0] + " (" + causes[1] + ")";
}

Handle own_type(hid_t id) { return {id, H5Tclose}; }
Handle own_space(hid_t id) { return {id, H5Sclose}; }
Handle own_properties(hid_t id) { return {id, H5Pclose}; }

Handle link_creation() {
  Handle links = own_properties(checked(H5Pcreate(H5P_LINK_CREATE), "make link properties"));
  checked(H5Pset_char_encoding(links.id(), H5T_CSET_UTF8), "set link properties");
  return links;
}

Handle file_type(ElementType type) {
  const auto copy = [](hid_t id) { return own_type(checked(H5Tcopy(id), "copy a type")); };
  switch (type) {
    case ElementType::f32: return copy(H5T_IEEE_F32LE);
    case ElementType::f64: return copy(H5T_IEEE_F64LE);
    case ElementType::bf16: return half_type(8);
    case ElementType::f16: return half_type(5);
    case ElementType::i64: return copy(H5T_STD_I64LE);
    case ElementType::i32: return copy(H5T_STD_I32LE);
    case ElementType::i16: return copy(H5T_STD_I16LE);
    case ElementType::u8: return copy(H5T_STD_U8LE);
    case ElementType::boolean: return boolean_type();
  }
  fail<IoError>("hdf5", "no such element type: ", static_cast<int>(type));
}

Handle memory_type(ElementType type) {
  Handle result = file_type(type);
  if (type != ElementType::boolean)
    checked(H5Tset_order(result.id(), H5Tget_order(H5T_NATIVE_INT)), "set a byte order");
  return result;
}

std::optional<ElementType> element_of_type(hid_t type) {
  const size_t size = H5Tget_size(type);
  switch (H5Tget_class(type)) {
    case H5T_FLOAT: {
      if (size == 8) return ElementType::f64;
      if (size == 4) return ElementType::f32;
      size_t sign = 0, exponent_at = 0, exponent = 0, mantissa_at = 0, mantissa = 0;
      if (size != 2 || H5Tget_fields(type, &sign, &exponent_at, &exponent, &mantissa_at, &mantissa) < 0) return {};
      if (exponent == 8 && mantissa == 7) return ElementType::bf16;
      if (exponent == 5 && mantissa == 10) return ElementType::f16;
      return {};
    }
    case H5T_INTEGER: {
      const bool has_sign = H5Tget_sign(type) == H5T_SGN_2;
      if (size == 1 && !has_sign) return ElementType::u8;
      if (size == 2 && has_sign) return ElementType::i16;
      if (size == 4 && has_sign) return ElementType::i32;
      if (size == 8 && has_sign) return ElementType::i64;
      return {};
    }
    case H5T_ENUM:
      if (H5Tequal(type, boolean_type().id()) > 0) return ElementType::boolean;
      return {};
    default: return {};
  }
}

}  // namespace triad::data::hdf5
