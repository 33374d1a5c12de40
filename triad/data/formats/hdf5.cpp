#include "triad/data/formats/hdf5.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>

#include "triad/data/formats/hdf5_session.h"

namespace triad::data::hdf5 {
namespace {

/// Looks at the first bytes, so that files of another kind, and those of the first version of the format, whose
/// metadata carries no checksums and can lead the library astray, never reach it.
void check_signature(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  require<IoError>(status.type() != std::filesystem::file_type::not_found, "hdf5", "cannot open ", path.string(),
                   ": no such file");
  require<IoError>(status.type() == std::filesystem::file_type::regular, "hdf5", "cannot open ", path.string(),
                   ": not a regular file");
  std::ifstream in(path, std::ios::binary);
  require<IoError>(in.is_open(), "hdf5", "cannot open ", path.string(), ": ", std::strerror(errno));
  std::array<char, 9> head{};
  in.read(head.data(), head.size());
  constexpr std::string_view signature = "\x89HDF\r\n\x1a\n";
  require<IoError>(in.gcount() == head.size() && std::string_view(head.data(), signature.size()) == signature, "hdf5",
                   path.string(), " is not an HDF5 file: it ",
                   in.gcount() == 0 ? "is empty" : "does not begin like one");
  require<IoError>(head[8] >= 2, "hdf5", path.string(), " has superblock version ", int{head[8]}, ", expected 2 or 3",
                   Hint{"metadata of older versions carries no checksums; rewrite the file: h5repack --low=2"});
}

Handle file_access() {
  Handle access = own_properties(checked(H5Pcreate(H5P_FILE_ACCESS), "make file properties"));
  checked(H5Pset_libver_bounds(access.id(), H5F_LIBVER_V110, H5F_LIBVER_V110), "set the format version");
  checked(H5Pset_file_locking(access.id(), false, true), "turn file locks off");
  checked(H5Pset_fclose_degree(access.id(), H5F_CLOSE_SEMI), "set the close degree");
  return access;
}

}  // namespace

Handle& Handle::operator=(Handle&& other) noexcept {
  if (this != &other) {
    reset();
    close_ = other.close_;
    id_ = other.release();
  }
  return *this;
}

bool Handle::reset() noexcept {
  if (!is_open()) return true;
  const Session session;
  const bool closed = close_(release()) >= 0;
  if (!closed) H5Eclear2(H5E_DEFAULT);
  return closed;
}

std::vector<std::string> Group::names() const {
  const Session session;
  std::vector<std::string> names;
  const auto collect = [](hid_t, const char* name, const H5L_info_t*, void* data) -> herr_t {
    static_cast<std::vector<std::string>*>(data)->emplace_back(name);
    return 0;
  };
  // In the order of the file, then sorted: for any other order the library makes a table of a large group's links, and
  // version 1.10 frees what is not there when damage keeps it from filling it.
  checked(H5Literate(handle_.id(), H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, collect, &names), "list ", where());
  std::ranges::sort(names);
  return names;
}

void Group::check_links(const std::string& name) const {
  require<ValueError>(!name.empty() && name.front() != '/' && name.back() != '/', "hdf5", "'", name, "' is no name in ",
                      where());
  for (size_t end = name.find('/');; end = name.find('/', end + 1)) {
    const std::string part = name.substr(0, end);
    require<IoError>(H5Lexists(handle_.id(), part.c_str(), H5P_DEFAULT) > 0, "hdf5", "no '", part, "' in ", where());
    H5L_info_t info{};
    checked(H5Lget_info(handle_.id(), part.c_str(), &info, H5P_DEFAULT), "look at '", part, "' in ", where());
    require<IoError>(info.type == H5L_TYPE_HARD, "hdf5", "'", part, "' in ", where(), " is a link to another place",
                     Hint{"only data in the file itself is read"});
    if (end == name.npos) return;
  }
}

bool Group::contains(const std::string& name) const {
  const Session session;
  for (size_t end = name.find('/');; end = name.find('/', end + 1)) {
    if (H5Lexists(handle_.id(), name.substr(0, end).c_str(), H5P_DEFAULT) <= 0) {
      H5Eclear2(H5E_DEFAULT);
      return false;
    }
    if (end == name.npos) return true;
  }
}

bool Group::is_group(const std::string& name) const {
  const Session session;
  check_links(name);
  const Handle object(checked(H5Oopen(handle_.id(), name.c_str(), H5P_DEFAULT), "open '", name, "' in ", where()),
                      H5Oclose);
  return H5Iget_type(object.id()) == H5I_GROUP;
}

std::string Group::path_of(const std::string& name) const { return path_ == "/" ? "/" + name : path_ + "/" + name; }

void Group::make_group(const std::string& name) {
  const Handle links = link_creation();
  const Handle creation = own_properties(checked(H5Pcreate(H5P_GROUP_CREATE), "make group properties"));
  checked(H5Pset_obj_track_times(creation.id(), false), "turn object times off");
  const Handle made(checked(H5Gcreate2(handle_.id(), name.c_str(), links.id(), creation.id(), H5P_DEFAULT),
                            "make group '", path_of(name), "' in ", *file_),
                    H5Gclose);
}

void Group::make_parents(const std::string& name) {
  require<ValueError>(!name.empty() && name.front() != '/' && name.back() != '/', "hdf5", "'", name,
                      "' cannot be a name in ", where());
  for (size_t end = name.find('/'); end != name.npos; end = name.find('/', end + 1)) {
    if (const std::string parent = name.substr(0, end); !contains(parent)) make_group(parent);
  }
}

Group Group::create_group(const std::string& name) {
  const Session session;
  make_parents(name);
  make_group(name);
  return group(name);
}

Group Group::group(const std::string& name) const {
  const Session session;
  check_links(name);
  return {Handle(checked(H5Gopen2(handle_.id(), name.c_str(), H5P_DEFAULT), "open group '", name, "' in ", where()),
                 H5Gclose),
          file_, path_of(name)};
}

Dataset Group::dataset(const std::string& name) const {
  const Session session;
  check_links(name);
  return {Handle(checked(H5Dopen2(handle_.id(), name.c_str(), H5P_DEFAULT), "open data set '", name, "' in ", where()),
                 H5Dclose),
          file_, path_of(name)};
}

void Group::write_text(const std::string& name, std::string_view text) {
  write<uint8_t>(name, {reinterpret_cast<const uint8_t*>(text.data()), text.size()},
                 {static_cast<int64_t>(text.size())});
}

std::string Group::read_text(const std::string& name) const {
  const std::vector<uint8_t> bytes = read<uint8_t>(name);
  return {bytes.begin(), bytes.end()};
}

// The file grows in memory and goes to disk in one piece when it is closed: the library's own writes of single chunks,
// where the disk is full, leave it with state that it can neither flush nor drop and that it crashes on later.
File File::create(const std::filesystem::path& path) {
  constexpr size_t kGrowth = size_t{1} << 20;  // bytes
  const Session session;
  const Handle creation = own_properties(checked(H5Pcreate(H5P_FILE_CREATE), "make file properties"));
  checked(H5Pset_obj_track_times(creation.id(), false), "turn object times off");
  const Handle access = file_access();
  checked(H5Pset_fapl_core(access.id(), kGrowth, /*backing_store=*/true), "keep a new file in memory");
  Handle file(checked(H5Fcreate(path.c_str(), H5F_ACC_EXCL, creation.id(), access.id()), "create ", path.string()),
              H5Fclose);
  return {std::move(file), std::make_shared<std::string>(path.string()), "/"};
}

File File::open(const std::filesystem::path& path) {
  check_signature(path);
  const Session session;
  Handle file(checked(H5Fopen(path.c_str(), H5F_ACC_RDONLY, file_access().id()), "open ", path.string()), H5Fclose);
  return {std::move(file), std::make_shared<std::string>(path.string()), "/"};
}

void File::close() {
  if (!handle_.is_open()) return;
  const Session session;
  const hid_t id = handle_.id();
  const ssize_t open = H5Fget_obj_count(id, H5F_OBJ_DATASET | H5F_OBJ_GROUP | H5F_OBJ_ATTR | H5F_OBJ_LOCAL);
  require<IoError>(open == 0, "hdf5", open, " data sets or groups of ", *file_, " are still open");
  checked(H5Fflush(id, H5F_SCOPE_GLOBAL), "write ", *file_);
  checked(H5Fclose(handle_.release()), "close ", *file_);
}

std::string library_version() {
  unsigned major = 0, minor = 0, release = 0;
  H5get_libversion(&major, &minor, &release);
  return str("HDF5 ", major, ".", minor, ".", release);
}

}  // namespace triad::data::hdf5
