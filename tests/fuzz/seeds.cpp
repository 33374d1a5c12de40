#include "tests/fuzz/seeds.h"

#include "tests/data/sound_file.h"
#include "tests/data/text/sentencepiece_model.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/shard_columns.h"
#include "triad/data/formats/hdf5.h"
#include "triad/data/formats/png.h"
#include "triad/data/shards/dataset_writer.h"

namespace triad::fuzz {
namespace {

namespace fs = std::filesystem;

void write(const fs::path& path, const std::string& bytes) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

void write_data_set(const fs::path& folder) {
  data::DatasetWriter writer(folder / "set", "seed", {.generator = "fuzz_seeds", .options = {{"a", 1.5}, {"b", true}}});
  writer.set_attribute("names", std::vector<std::string>{"x", "y"});
  writer.add_file("vocab.txt", "a\n");
  data::ShardWriter& split = writer.split("a", fuzz::shard_columns());
  for (int64_t i = 0; i < fuzz::kShardRows; ++i) {
    split.add({std::vector<uint8_t>(12, static_cast<uint8_t>(i)), std::string(static_cast<size_t>(i), 'x'),
               std::vector<int16_t>(static_cast<size_t>(2 * i), 7), i});
  }
  writer.finish();
  fs::create_directories(folder / "shard");
  fs::create_directories(folder / "manifest");
  fs::create_directories(folder / "hdf5");
  fs::copy_file(folder / "set" / "a-00000.h5", folder / "hdf5" / "seed", fs::copy_options::overwrite_existing);
  fs::rename(folder / "set" / "a-00000.h5", folder / "shard" / "seed");
  fs::rename(folder / "set" / "dataset.json", folder / "manifest" / "seed");
  fs::remove_all(folder / "set");
}

/// So many names in a group that the library keeps them in a heap and a tree.
void write_large_group(const fs::path& folder) {
  fs::remove(folder / "large_group");
  data::hdf5::File file = data::hdf5::File::create(folder / "large_group");
  for (int i = 0; i < 20; ++i) file.write<float>(str("group/", i), std::vector<float>{1}, {1});
  file.close();
}

void write_pictures(const fs::path& folder) {
  for (const int channels : {1, 3})
    write(folder / str("png", channels),
          data::encode_png({5, 4, channels, std::vector<uint8_t>(static_cast<size_t>(20 * channels), 99)}));
  // The smallest JPEG there is: a grey block, every table of one code.
  std::string jpeg("\xff\xd8\xff\xdb\0\x43\0", 7);
  jpeg += std::string(64, '\1') + std::string("\xff\xc0\0\x0b\x08\0\x08\0\x08\1\1\x11\0", 13);
  for (const char table : {'\0', '\x10'})
    jpeg += std::string("\xff\xc4\0\x14", 4) + table + '\1' + std::string(15, '\0') + '\0';
  write(folder / "jpeg", jpeg + std::string("\xff\xda\0\x08\1\1\0\0\x3f\0\x3f\xff\xd9", 13));
}

void write_texts(const fs::path& folder) {
  const std::string text =
      "# One\nThe r\u00e9d, \u4f60\u597d \u0301 \xff circle.\n\n## Two\n\u201cGo!\u201d a_b [MASK]\n";
  write(folder / "text" / "seed", text);
  write(folder / "prose" / "seed", text);
  write(folder / "vocabulary" / "seed",
        std::string("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nre\n##d\n,\n\u4f60\r\n") + '\0' + text);
  write(folder / "pairs" / "seed",
        "{\"image\": \"a.png\", \"text\": \"a\", \"identity\": 1, \"label\": \"x\"}\n\n{\"audio\": \"b.wav\", "
        "\"label\": 2}\n");
  write(folder / "bert_config" / "seed",
        std::string("{\"model_type\": \"bert\", \"hidden_size\": 8, \"num_attention_heads\": 2, \"vocab_size\": 6}") +
            '\0' + "{\"do_lower_case\": true, \"strip_accents\": null}");
  write(folder / "digit_names" / "seed", "7_jackson_12.wav");
  write(folder / "description" / "seed", "i see a tiny red circle in the upper left and a big blue star at the bottom");
  write(folder / "metrics" / "seed", "{\"stage\":\"text\",\"step\":10}\n{\"stage\":\"align\",\"step\":5}\n{\"stage\":");
  write(folder / "timings" / "seed",
        "{\"machine\": {\"processor\": \"x\", \"threads\": 2, \"clock_hz\": 3e9, \"launch_seconds\": 1e-6, "
        "\"background_load\": 0.1, \"all\": {\"f32_flops\": 2e11, \"bf16_flops\": 4e11, \"copy_bytes\": 4e10}, "
        "\"one\": {\"f32_flops\": 1e11, \"bf16_flops\": 2e11, \"copy_bytes\": 2e10}}}\n"
        "{\"case\": \"a\", \"impl\": \"ours\", \"mode\": \"cold\", \"threads\": 2, \"dtype\": \"f32\", \"bound\": "
        "\"memory\", \"median_us\": 3, \"samples_us\": [3, 4], \"flops\": 1e6, \"bytes\": 1e5, \"floor_us\": 1}\n");
  std::string recipe =
      "name: x\ndata: {name: scenes, dir: d}\nmodel:\n  text: {preset: tiny, width: 8, heads: 2}\n"
      "  image: {stem_channels: [8, 16], width: 8, heads: 2}\nstages:\n  text: {steps: 4, batch: 2, schedule: {peak: "
      "1e-3}}\n"
      "train: {dtype: bf16, seed: 3}\n";
  write(folder / "recipe" / "seed", recipe + '\0' + "train.max_steps=10");
}

}  // namespace

void write_seeds(const fs::path& folder) {
  write_data_set(folder);
  write_large_group(folder / "hdf5");
  write_pictures(folder / "image");
  write_texts(folder);
  write(folder / "safetensors" / "seed",
        std::string("\x40\0\0\0\0\0\0\0", 8) +
            "{\"a\":{\"dtype\":\"U8\",\"shape\":[2,1],\"data_offsets\":[0,2]}}         ab");
  write(folder / "idx" / "seed", std::string("\0\0\x08\x02\0\0\0\x02\0\0\0\x03"
                                             "abcdef",
                                             18));
  write(folder / "wav" / "seed",
        "RIFF" + std::string("\x28\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0"
                             "data\4\0\0\0abcd",
                             44));
  write(folder / "streamed_wav" / "seed",
        "RIFF" + std::string("\xff\xff\xff\x7fWAVEfmt \x10\0\0\0\1\0\1\0\x22\x56\0\0\x44\xac\0\0\2\0\x10\0"
                             "data\xdb\xff\xff\x7f"
                             "abcd",
                             44));
  data::write_sound(folder / "wav" / "seed.flac", std::vector<int16_t>(600, 1000), 8000);
  write(folder / "sentencepiece" / "seed", data::trained_model());
}

}  // namespace triad::fuzz
