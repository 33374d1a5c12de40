#include "triad/data/formats/safetensors.h"

#include <cstring>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/harness/damage.h"
#include "tests/harness/data_path.h"
#include "tests/harness/message_of.h"
#include "triad/core/base/error.h"
#include "triad/core/tensor/views.h"
#include "triad/data/formats/durable_file.h"
#include "triad/ops/registry/comparison.h"

namespace triad::data {
namespace {

using harness::message_of;

std::string file_of(std::string_view header, std::string_view data) {
  const uint64_t length = header.size();
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  return bytes.append(header).append(data);
}

/// The message about a file of these bytes, with FILE for its path.
std::string refusal(const std::string& bytes) {
  const harness::TempFolder folder;
  harness::write_file(folder / "x", bytes);
  std::string text = message_of<IoError>([&] { read_safetensors(folder / "x"); });
  const std::string path = (folder / "x").string();
  for (size_t at; (at = text.find(path)) != text.npos;) text.replace(at, path.size(), "FILE");
  return text;
}

TensorMap every_dtype() {
  return {{"z.f32", from_values<float>({0, 1, 2, 3, 4, 5}, {2, 3})},
          {"a.f32", from_values<float>({0.5f}, {})},
          {"f64", from_values<double>({0, 1}, {2})},
          {"bf16", from_values<BFloat16>({0, 1, 2}, {3})},
          {"f16", from_values<Float16>({0, 1, 2}, {3})},
          {"i64", from_values<int64_t>({0, 1}, {1, 2})},
          {"i32", from_values<int32_t>({0, 1, 2}, {3})},
          {"u8", from_values<uint8_t>({0, 1, 2}, {3})},
          {"bool", from_values<bool>({false, true}, {2})},
          {"empty", empty({0, 4})}};
}

TEST(Safetensors, ReadsWhatThePythonPackageWrites) {
  SafetensorsMetadata metadata;
  const TensorMap got = read_safetensors(harness::golden_path("safetensors/every_dtype.safetensors"), &metadata);
  const TensorMap expected = every_dtype();
  ASSERT_EQ(got.size(), expected.size());
  for (const auto& [name, tensor] : expected) {
    ASSERT_TRUE(got.contains(name)) << name;
    const ops::Comparison same = ops::compare_bits(got.at(name), tensor);
    EXPECT_TRUE(same.passed) << name << ": " << same.message;
  }
  EXPECT_EQ(metadata, (SafetensorsMetadata{{"format", "p\"t é"}}));
}

TEST(Safetensors, WritesTheBytesOfThePythonPackage) {
  const harness::TempFolder folder;
  write_safetensors(folder / "x", every_dtype(), {{"format", "p\"t é"}});
  EXPECT_EQ(harness::read_file(folder / "x"),
            harness::read_file(harness::golden_path("safetensors/every_dtype.safetensors")));
}

TEST(Safetensors, WritesViewsAndNothing) {
  const harness::TempFolder folder;
  const Tensor x = from_values<float>({0, 1, 2, 3, 4, 5}, {2, 3});
  write_safetensors(folder / "x", {{"t", views::transpose(x, 0, 1)}});
  const TensorMap back = read_safetensors(folder / "x");
  EXPECT_EQ(back.at("t").shape(), (Shape{3, 2}));
  EXPECT_EQ(back.at("t").to_vector<float>(), (std::vector<float>{0, 3, 1, 4, 2, 5}));
  write_safetensors(folder / "none", {});
  EXPECT_TRUE(read_safetensors(folder / "none").empty());
}

TEST(Safetensors, TensorsOfOtherTypesAreNamedWhenRead) {
  const SafetensorsReader reader(harness::golden_path("safetensors/other_dtypes.safetensors"));
  EXPECT_EQ(reader.read("f32").item(), 7);
  EXPECT_EQ(reader.header().entries.at(1).type, "I16");
  EXPECT_THAT(message_of<IoError>([&] { reader.read("i16"); }),
              testing::EndsWith("tensor 'i16' has the dtype I16, which triad's tensors do not have"));
  EXPECT_THAT(message_of<IoError>([&] { reader.read("i8"); }), testing::EndsWith("there is no tensor 'i8'"));
}

TEST(Safetensors, RefusesWhatCannotBeWritten) {
  const harness::TempFolder folder;
  EXPECT_EQ(message_of<ValueError>([&] { write_safetensors(folder / "x", {{"a", Tensor()}}); }),
            "safetensors: tensor 'a' is undefined");
  EXPECT_EQ(message_of<ValueError>([&] { write_safetensors(folder / "x", {{"__metadata__", zeros({1})}}); }),
            "safetensors: a tensor cannot be called __metadata__");
  EXPECT_THAT(message_of<ValueError>([&] { write_safetensors(folder / "x", {{"\xff", zeros({1})}}); }),
              testing::HasSubstr("a name or metadata is not UTF-8"));
  EXPECT_FALSE(std::filesystem::exists(folder / "x"));
}

TEST(Safetensors, RefusesDamagedFilesNamingThePlace) {
  EXPECT_EQ(refusal("short"), "safetensors: FILE: the file has 5 bytes, expected at least 8");
  EXPECT_EQ(refusal(std::string(8, '\xff')),
            "safetensors: FILE: the header should take 18446744073709551615 bytes, of a file of 8\n"
            "  hint: this is no safetensors file, or it was cut off");
  EXPECT_THAT(refusal(file_of("{", "")), testing::StartsWith("safetensors: FILE: the header is not JSON: "));
  EXPECT_EQ(refusal(file_of("[]", "")), "safetensors: FILE: the header is not a JSON object");
  EXPECT_EQ(refusal(file_of(R"({"a":{"b":[[0]]}})", "")),
            "safetensors: FILE: the header nests deeper than the format does");
  EXPECT_EQ(refusal(file_of(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{}})", "x")),
            "safetensors: FILE: the header has \"a\" twice");
  EXPECT_EQ(refusal(file_of(R"({"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}})", "x")),
            "safetensors: FILE: the header has \"dtype\" twice");
  EXPECT_EQ(refusal(file_of(R"({"a":{"dtype":"U8","shape":[1]}})", "x")),
            "safetensors: FILE: tensor 'a' is not described by dtype, shape and data_offsets");
  EXPECT_EQ(refusal(file_of(R"({"a":{"dtype":"X","shape":[1],"data_offsets":[0,1]}})", "x")),
            "safetensors: FILE: tensor 'a' has the unknown dtype 'X'");
  EXPECT_EQ(refusal(file_of(R"({"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}})", "x")),
            "safetensors: FILE: tensor 'a' has the extent -1");
  EXPECT_EQ(refusal(file_of(R"({"a":{"dtype":"F64","shape":[4294967296,4294967296],"data_offsets":[0,1]}})", "x")),
            "safetensors: FILE: tensor 'a' has a shape of more than 2^63 bytes");
  EXPECT_EQ(refusal(file_of(R"({"a":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]}})", "x")),
            "safetensors: FILE: tensor 'a' has no shape of at most 8 axes");
  EXPECT_EQ(refusal(file_of(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,2]}})", "xx")),
            "safetensors: FILE: tensor 'a' lies at bytes 0 to 2, but F32 [1] takes 4");
  EXPECT_EQ(refusal(file_of(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
                            R"("b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})",
                            "xxx")),
            "safetensors: FILE: tensor 'b' begins at byte 1 of the data, expected 2: it overlaps another");
  EXPECT_EQ(refusal(file_of(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})", "xx")),
            "safetensors: FILE: tensor 'a' begins at byte 1 of the data, expected 0: there is a gap");
  EXPECT_EQ(refusal(file_of(R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}})", "x")),
            "safetensors: FILE: the tensors take 3 bytes, the file has 1 after the header\n"
            "  hint: the file was cut off");
  EXPECT_EQ(refusal(file_of(R"({"a":{"dtype":"BOOL","shape":[2],"data_offsets":[0,2]}})", "\x01\x02")),
            "safetensors: FILE: tensor 'a' of dtype BOOL has the byte 2 at element 1");
  EXPECT_EQ(refusal(file_of(R"({"__metadata__":{"a":1}})", "")), "safetensors: FILE: __metadata__ 'a' is not a text");
  EXPECT_THAT(message_of<IoError>([] { read_safetensors("/nowhere/x"); }),
              testing::StartsWith("file: cannot open /nowhere/x: "));
  EXPECT_EQ(message_of<IoError>([] { read_safetensors("/"); }), "file: / is not a regular file");
}

TEST(Safetensors, DamageNeverDoesMoreThanAnError) {
  const harness::TempFolder folder;
  const std::string good = harness::read_file(harness::golden_path("safetensors/every_dtype.safetensors"));
  const int refused = harness::survives_damage(good, 2000, [&](const std::string& bytes) {
    harness::write_file(folder / "x", bytes);
    read_safetensors(folder / "x");
  });
  EXPECT_GT(refused, 1000);
}

TEST(Safetensors, AFullDiskLeavesTheOldFileAndNothingElse) {
  const harness::TempFolder folder;
  write_safetensors(folder / "x", {{"a", full({4}, 1)}});
  {
    const harness::FullDisk disk(1 << 16);
    EXPECT_THAT(message_of<IoError>([&] { write_safetensors(folder / "x", {{"a", zeros({1 << 20})}}); }),
                testing::StartsWith("file: cannot write " + (folder / "x").string() + ".partial: "));
  }
  EXPECT_EQ(read_safetensors(folder / "x").at("a").to_vector<float>(), std::vector<float>(4, 1.0f));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

}  // namespace
}  // namespace triad::data
