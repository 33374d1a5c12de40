#include "triad/data/formats/hdf5.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <numeric>
#include <span>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>

#include "tests/harness/damage.h"
#include "tests/harness/data_path.h"
#include "tests/harness/message_of.h"

namespace triad::data {
namespace {

using harness::message_of;
using harness::TempFolder;
using harness::write_file;
using hdf5::File;
using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

template <class T>
void round_trip(hdf5::Group& group, const std::string& name, const std::vector<T>& values) {
  group.write<T>(name, values, {static_cast<int64_t>(values.size())});
  const hdf5::Dataset stored = group.dataset(name);
  EXPECT_EQ(stored.type(), element_type_of<T>) << name;
  const std::vector<T> read = stored.read<T>();
  EXPECT_TRUE(std::ranges::equal(std::as_bytes(std::span(read)), std::as_bytes(std::span(values)))) << name;
}

TEST(Hdf5, EveryElementTypeComesBackBitForBit) {
  const TempFolder folder;
  {
    File file = File::create(folder / "a.h5");
    round_trip<float>(file, "deep/er/f32", {1.5f, -0.0f, std::numeric_limits<float>::quiet_NaN(), 1e-45f});
    round_trip<double>(file, "f64", {1.5, 1e-308});
    std::vector<BFloat16> brains(65536);
    std::vector<Float16> halves(65536);
    for (uint32_t i = 0; i < 65536; ++i) brains[i].bits = halves[i].bits = static_cast<uint16_t>(i);
    round_trip(file, "bf16", brains);
    round_trip(file, "f16", halves);
    round_trip<int64_t>(file, "i64", {std::numeric_limits<int64_t>::min(), -1, 7});
    round_trip<int32_t>(file, "i32", {-5, 1 << 30});
    round_trip<int16_t>(file, "i16", {-32768, 32767});
    round_trip<uint8_t>(file, "u8", {0, 255});
    round_trip<uint8_t>(file, "none", {});
    const std::vector<uint8_t> truth = {1, 0, 1};
    file.create_dataset("flags", ElementType::boolean, {3}).write_rows(0, 3, std::as_bytes(std::span(truth)));
    EXPECT_EQ(file.dataset("flags").read<uint8_t>(), truth);
    const double pi = 3.25;
    file.write<double>("scalar", {&pi, 1}, {});
    file.close();
  }
  const File file = File::open(folder / "a.h5");
  EXPECT_EQ(file.dataset("flags").type(), ElementType::boolean);
  EXPECT_EQ(file.read<double>("scalar"), std::vector<double>{3.25});
  EXPECT_EQ(file.names(), (std::vector<std::string>{"bf16", "deep", "f16", "f64", "flags", "i16", "i32", "i64", "none",
                                                    "scalar", "u8"}));
  EXPECT_TRUE(file.is_group("deep/er"));
  EXPECT_TRUE(file.contains("deep/er/f32"));
  EXPECT_FALSE(file.contains("deep/elsewhere/f32"));
  EXPECT_EQ(file.group("deep").dataset("er/f32").where(), "'/deep/er/f32' in " + (folder / "a.h5").string());
}

TEST(Hdf5, AttributesHoldTextAndNumbers) {
  const TempFolder folder;
  const std::string large(1 << 20, 'x');
  {
    File file = File::create(folder / "a.h5");
    file.set_attribute("name", std::string_view("Büffel 水牛"));
    file.set_attribute("empty", std::string_view(""));
    file.set_attribute("large", std::string_view(large));
    file.set_attribute("count", int64_t{-3});
    file.set_attribute("count", int64_t{4});
    file.set_attribute("ratio", 0.1);
    file.create_group("g").set_values<int32_t>("list", std::vector<int32_t>{1, 2, 3});
    file.group("g").set_values<float>("no list", {});
    EXPECT_THROW(file.set_attribute("bad", std::string_view("a\0b", 3)), ValueError);
    file.close();
  }
  const File file = File::open(folder / "a.h5");
  EXPECT_EQ(file.text_attribute("name"), "Büffel 水牛");
  EXPECT_EQ(file.text_attribute("empty"), "");
  EXPECT_EQ(file.text_attribute("large"), large);
  EXPECT_EQ(file.integer_attribute("count"), 4);
  EXPECT_EQ(file.real_attribute("ratio"), 0.1);
  EXPECT_EQ(file.group("g").values_attribute<int32_t>("list"), (std::vector<int32_t>{1, 2, 3}));
  EXPECT_TRUE(file.group("g").values_attribute<float>("no list").empty());
  EXPECT_FALSE(file.has_attribute("missing"));
  const std::string path = (folder / "a.h5").string();
  EXPECT_EQ(message_of<IoError>([&] { file.integer_attribute("name"); }),
            "hdf5: attribute 'name' of '/' in " + path + " does not hold numbers of type i64");
  EXPECT_EQ(message_of<IoError>([&] { file.text_attribute("count"); }),
            "hdf5: attribute 'count' of '/' in " + path + " is not a text");
  EXPECT_THAT(message_of<IoError>([&] { file.text_attribute("missing"); }),
              HasSubstr("cannot open attribute 'missing' of '/' in " + path));
}

TEST(Hdf5, RowsAreWrittenGrownAndReadInParts) {
  const TempFolder folder;
  std::vector<int16_t> values(10 * 6);
  std::iota(values.begin(), values.end(), int16_t{0});
  File file = File::create(folder / "a.h5");
  hdf5::Dataset rows = file.create_dataset("rows", ElementType::i16, {0, 2, 3}, {.chunk_rows = 4, .growable = true});
  EXPECT_EQ(rows.chunk_rows(), 4);
  for (int64_t first = 0; first < 10; first += 5) {
    rows.resize(first + 5);
    rows.write_rows(first, 5, std::as_bytes(std::span(values).subspan(static_cast<size_t>(first) * 6, 30)));
  }
  EXPECT_EQ(rows.shape(), (Shape{10, 2, 3}));
  EXPECT_EQ(rows.read<int16_t>(), values);
  std::vector<int16_t> part(12);
  rows.read_rows(3, 2, std::as_writable_bytes(std::span(part)));
  EXPECT_EQ(part, std::vector<int16_t>(values.begin() + 18, values.begin() + 30));
  EXPECT_EQ(message_of<ValueError>([&] { rows.read_rows(9, 2, std::as_writable_bytes(std::span(part))); }),
            "hdf5: rows [9, 11) of '/rows' in " + (folder / "a.h5").string() + ", which has 10");
  EXPECT_THROW(rows.read_rows(0, 1, std::as_writable_bytes(std::span(part))), ValueError);
  EXPECT_THROW(rows.read<int32_t>(), IoError);
}

TEST(Hdf5, LargeRowsAreSplitIntoChunks) {
  const TempFolder folder;
  std::vector<float> values(3 * 1000 * 700);
  std::iota(values.begin(), values.end(), 0.0f);
  File file = File::create(folder / "a.h5");
  file.write<float>("wide", values, {3, 1000, 700});
  EXPECT_EQ(file.dataset("wide").chunk_rows(), 1);
  EXPECT_EQ(file.read<float>("wide"), values);
}

TEST(Hdf5, EqualContentGivesEqualBytes) {
  const TempFolder folder;
  const auto write = [](const std::filesystem::path& path) {
    File file = File::create(path);
    file.write<float>("a/b/c", std::vector<float>(1000, 2.0f), {1000});
    file.create_group("d").set_attribute("name", std::string_view("value"));
    file.close();
  };
  write(folder / "1.h5");
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));  // object times have a resolution of seconds
  write(folder / "2.h5");
  EXPECT_TRUE(bytes_of(folder / "1.h5") == bytes_of(folder / "2.h5"));
}

TEST(Hdf5, FilesThatAreNoneSayWhy) {
  const TempFolder folder;
  write_file(folder / "empty.h5", "");
  write_file(folder / "text.h5", "plain text, quite long, but no signature");
  write_file(folder / "old.h5", std::string_view("\x89HDF\r\n\x1a\n\0\0\0\0", 12));
  const auto message = [&](const char* name) { return message_of<IoError>([&] { File::open(folder / name); }); };
  const auto path = [&](const char* name) { return (folder / name).string(); };
  EXPECT_EQ(message("missing.h5"), "hdf5: cannot open " + path("missing.h5") + ": no such file");
  EXPECT_EQ(message_of<IoError>([&] { File::open(folder.path()); }),
            "hdf5: cannot open " + folder.path().string() + ": not a regular file");
  EXPECT_EQ(message("empty.h5"), "hdf5: " + path("empty.h5") + " is not an HDF5 file: it is empty");
  EXPECT_EQ(message("text.h5"), "hdf5: " + path("text.h5") + " is not an HDF5 file: it does not begin like one");
  EXPECT_EQ(message("old.h5"),
            "hdf5: " + path("old.h5") + " has superblock version 0, expected 2 or 3\n" +
                "  hint: metadata of older versions carries no checksums; rewrite the file: h5repack --low=2");
}

/// A file of one data set of 4 chunks of 4 rows, as bytes.
std::string small_file(const TempFolder& folder) {
  std::vector<int32_t> values(16 * 8);
  std::iota(values.begin(), values.end(), 1000);
  File file = File::create(folder / "small.h5");
  file.write<int32_t>("values", values, {16, 8}, {.chunk_rows = 4, .deflate = 0});
  file.close();
  return bytes_of(folder / "small.h5");
}

TEST(Hdf5, EveryTruncationIsAnError) {
  const TempFolder folder;
  const std::string bytes = small_file(folder);
  for (size_t size = 0; size < bytes.size(); size += 7) {
    write_file(folder / "cut.h5", std::string_view(bytes).substr(0, size));
    EXPECT_THROW(File::open(folder / "cut.h5").read<int32_t>("values"), IoError) << size;
  }
}

TEST(Hdf5, EveryFlippedBitOfDataIsFound) {
  const TempFolder folder;
  std::string bytes = small_file(folder);
  const std::vector<int32_t> values = File::open(folder / "small.h5").read<int32_t>("values");
  int errors = 0;
  for (size_t at = 0; at < bytes.size(); at += 3) {
    bytes[at] ^= 0x10;
    write_file(folder / "flipped.h5", bytes);
    bytes[at] ^= 0x10;
    try {
      EXPECT_EQ(File::open(folder / "flipped.h5").read<int32_t>("values"), values) << at;
    } catch (const IoError&) {
      ++errors;  // bytes that nothing refers to may change without harm
    }
  }
  EXPECT_GT(errors, 16 * 8 * 4 / 3);
}

TEST(Hdf5, EveryFlippedBitOfALargeGroupIsFound) {
  const TempFolder folder;
  const auto read = [](const std::filesystem::path& path) {
    const File file = File::open(path);
    std::vector<std::pair<std::string, float>> all;
    for (const std::string& name : file.group("group").names())
      all.emplace_back(name, file.group("group").read<float>(name).at(0));
    return all;
  };
  File file = File::create(folder / "large.h5");
  for (int i = 0; i < 20; ++i) file.write<float>(str("group/", i), std::vector<float>{1.0f * i}, {1});
  file.close();
  std::string bytes = bytes_of(folder / "large.h5");
  const auto all = read(folder / "large.h5");
  ASSERT_EQ(all.size(), 20u);
  int errors = 0;
  for (size_t at = 0; at < bytes.size(); at += 13) {
    bytes[at] ^= 0x10;
    write_file(folder / "flipped.h5", bytes);
    bytes[at] ^= 0x10;
    try {
      EXPECT_EQ(read(folder / "flipped.h5"), all) << at;
    } catch (const IoError&) {
      ++errors;
    }
  }
  EXPECT_GT(errors, 50);
}

TEST(Hdf5, DamageNamesFileObjectRowsAndCause) {
  const TempFolder folder;
  std::string bytes = small_file(folder);
  const int32_t tenth = 1000 + 9 * 8;
  const size_t at = bytes.find(std::string_view(reinterpret_cast<const char*>(&tenth), 4));
  ASSERT_NE(at, bytes.npos);
  bytes[at] ^= 1;
  write_file(folder / "small.h5", bytes);
  const File file = File::open(folder / "small.h5");
  const hdf5::Dataset values = file.dataset("values");
  std::vector<std::byte> rows(4 * 32);
  values.read_rows(4, 4, rows);
  EXPECT_THAT(message_of<IoError>([&] { values.read_rows(8, 4, rows); }),
              AllOf(HasSubstr("hdf5: cannot read rows [8, 12) of '/values' in " + (folder / "small.h5").string()),
                    AnyOf(HasSubstr("Fletcher32"), HasSubstr("filter returned failure"))));
}

TEST(Hdf5, AFullDiskIsAnErrorNotALoss) {
  const TempFolder folder;
  const harness::FullDisk disk(1 << 16);
  const std::string message = message_of<IoError>([&] {
    File file = File::create(folder / "full.h5");
    std::vector<int32_t> values(1 << 18);
    std::iota(values.begin(), values.end(), 0);
    file.write<int32_t>("values", values, {1 << 18}, {.deflate = 0});
    file.close();
  });
  EXPECT_THAT(message, testing::MatchesRegex("hdf5: cannot (create|write) .*/full.h5: File too large"));
}

TEST(Hdf5, AShapeTheFileCannotHoldAllocatesNothing) {
  const TempFolder folder;
  File file = File::create(folder / "a.h5");
  hdf5::Dataset claims = file.create_dataset("claims", ElementType::f64, {0, 1024}, {.growable = true});
  claims.resize(int64_t{1} << 40);
  EXPECT_THAT(message_of<IoError>([&] { claims.read<double>(); }), HasSubstr("'/claims' in "));
  EXPECT_THROW(file.create_dataset("more", ElementType::f64, {int64_t{1} << 40, int64_t{1} << 40}), ValueError);
}

TEST(Hdf5, LinksOutOfTheFileAreNotFollowed) {
  const TempFolder folder;
  small_file(folder);
  {
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_libver_bounds(access, H5F_LIBVER_V110, H5F_LIBVER_V110);
    const hid_t id = H5Fcreate((folder / "links.h5").c_str(), H5F_ACC_EXCL, H5P_DEFAULT, access);
    H5Lcreate_external("small.h5", "/values", id, "outside", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("/outside", id, "soft", H5P_DEFAULT, H5P_DEFAULT);
    H5Fclose(id);
    H5Pclose(access);
  }
  const File file = File::open(folder / "links.h5");
  for (const char* name : {"outside", "soft"}) {
    EXPECT_THAT(message_of<IoError>([&] { file.dataset(name); }), HasSubstr("is a link to another place")) << name;
  }
}

TEST(Hdf5, ClosingWithOpenObjectsSaysSo) {
  const TempFolder folder;
  File file = File::create(folder / "a.h5");
  {
    const hdf5::Group group = file.create_group("g");
    EXPECT_THROW(file.close(), IoError);
  }
  file.close();
  EXPECT_THROW(File::create(folder / "a.h5"), IoError);
}

TEST(Hdf5, NothingIsPrintedAndTheCallersPrintingSurvives) {
  H5E_auto2_t before = nullptr, after = nullptr;
  void *before_data = nullptr, *after_data = nullptr;
  H5Eget_auto2(H5E_DEFAULT, &before, &before_data);
  testing::internal::CaptureStderr();
  const TempFolder folder;
  const std::string bytes = small_file(folder);
  write_file(folder / "cut.h5", std::string_view(bytes).substr(0, bytes.size() / 2));
  EXPECT_THROW(File::open(folder / "cut.h5"), IoError);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  H5Eget_auto2(H5E_DEFAULT, &after, &after_data);
  EXPECT_EQ(before, after);
}

TEST(Hdf5, ThreadsReadTheirOwnFiles) {
  const TempFolder folder;
  small_file(folder);
  std::vector<std::thread> threads;
  std::vector<int32_t> last(4);
  for (size_t t = 0; t < last.size(); ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        const File file = File::open(folder / "small.h5");
        last[t] = file.read<int32_t>("values").back();
        EXPECT_THROW(file.dataset("missing"), IoError);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(last, std::vector<int32_t>(4, 1000 + 127));
}

}  // namespace
}  // namespace triad::data
