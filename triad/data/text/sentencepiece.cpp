#include "triad/data/text/sentencepiece.h"

#include <exception>
#include <initializer_list>

#include <sentencepiece_processor.h>

#include "triad/core/base/error.h"
#include "triad/data/formats/durable_file.h"
#include "triad/data/text/sentencepiece_check.h"
#include "triad/data/text/utf8.h"

namespace triad::data {
namespace {

bool loads(sentencepiece::SentencePieceProcessor& processor, std::string_view model) {
  try {
    return processor.LoadFromSerializedProto({model.data(), model.size()}).ok();
  } catch (const std::exception&) {  // of the library that indexes the pieces
    return false;
  }
}

}  // namespace

SentencePiece::SentencePiece(std::string_view model)
    : model_(std::make_unique<sentencepiece::SentencePieceProcessor>()) {
  check_sentencepiece_model(model);
  require<ValueError>(loads(*model_, model), "SentencePiece", "this is no model, or a damaged one");
  const auto id_of = [&](std::initializer_list<const char*> names) {
    for (const char* name : names) {
      if (const int id = model_->PieceToId(name); id != model_->unk_id()) return id;
    }
    added_.emplace_back(*names.begin());
    return static_cast<int>(SentencePiece::vocabulary_size()) - 1;
  };
  special_.unknown = model_->unk_id();
  special_.pad = id_of({"[PAD]", "<pad>"});
  special_.cls = id_of({"[CLS]", "<s>"});
  special_.sep = id_of({"[SEP]", "</s>"});
  special_.mask = id_of({"[MASK]", "<mask>"});
}

SentencePiece::SentencePiece(SentencePiece&&) noexcept = default;
SentencePiece::~SentencePiece() = default;

SentencePiece SentencePiece::load(const std::filesystem::path& model) {
  const std::string content = read_whole_file(model, kLargestModel);
  try {
    return SentencePiece(content);
  } catch (const ValueError& e) {
    fail<IoError>(model.string(), e.what());
  }
}

std::vector<int32_t> SentencePiece::encode(std::string_view text) const {
  const std::string valid = without_invalid_utf8(text);
  std::vector<int32_t> ids;
  const auto status = model_->Encode({valid.data(), valid.size()}, &ids);
  require<ValueError>(status.ok(), "SentencePiece", "a text of ", text.size(),
                      " bytes cannot be encoded: ", status.message());
  return ids;
}

std::string SentencePiece::decode(std::span<const int32_t> ids) const {
  std::string text;
  const auto append = [&](const std::string& part) { text += (text.empty() || part.empty() ? "" : " ") + part; };
  std::vector<int> ordinary;
  const auto flush = [&] {
    std::string part;
    const auto status = model_->Decode(ordinary, &part);
    require<ValueError>(status.ok(), "SentencePiece", "ids that cannot be decoded: ", status.message());
    append(part);
    ordinary.clear();
  };
  for (const int32_t id : ids) {
    require<ValueError>(id >= 0 && id < vocabulary_size(), "decode", "id ", id, " is outside of a vocabulary of ",
                        vocabulary_size());
    const int known = model_->GetPieceSize();
    if (id < known && !model_->IsControl(id) && !model_->IsUnknown(id)) {
      ordinary.push_back(id);
      continue;
    }
    flush();
    append(id < known ? model_->IdToPiece(id) : added_[static_cast<size_t>(id - known)]);
  }
  flush();
  return text;
}

int64_t SentencePiece::vocabulary_size() const { return model_->GetPieceSize() + std::ssize(added_); }

}  // namespace triad::data
