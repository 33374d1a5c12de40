// Stands for the function of this name that lies with the text encoder, and so with all its kernels.
#include "triad/core/base/error.h"
#include "triad/nn/encoders/text_encoder.h"

triad::nn::TextEncoderOptions triad::nn::bert_preset(std::string_view name) {
  if (name != "tiny" && name != "base") fail<ValueError>("bert_preset", "no preset '", name, "'");
  return {};
}
