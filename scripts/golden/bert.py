#!/usr/bin/env python3
"""Small random BERTs of Hugging Face, their outputs and gradients, for tests/train/import and tests/train/cli.

    python3 scripts/golden/bert.py

Each folder of tests/golden/bert is a model as save_pretrained() writes it, and two files more:
    expected.safetensors   a padded batch, cotangents, outputs; of masked_lm also what becomes of the lines of text.txt
    gradients.safetensors  of the weighted sum of the outputs, under the names of the parameters
Weights are f32; outputs and gradients are computed from them in f64 and rounded once.
"""
# /// script
# dependencies = ["torch==2.15.0", "transformers==5.23.0", "safetensors==0.8.0"]
# ///

import copy
import pathlib

import pins

pins.check(__file__)

import torch
from safetensors.torch import save_file
from transformers import BertConfig, BertForMaskedLM, BertModel, BertTokenizer

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "tests/golden/bert"
WORDS = "[PAD] [UNK] [CLS] [SEP] [MASK] a the red green blue square circle is near left of it what colour ? . , ##s ##ish un".split()
TEXTS = ["the red square", "A blue circle is near the green squares.", "", "what colour is it ?", "Reddish? unred, naïve!"]


def randomise(model):
    """Weights far enough from their usual start for attention to be uneven and no bias to be 0."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(torch.randn(parameter.shape) * 0.3 + (1 if name.endswith("LayerNorm.weight") else 0))


def batch(config, size, length):
    lengths = torch.tensor([length - 3 * i for i in range(size)])
    mask = torch.arange(length) < lengths[:, None]
    ids = torch.randint(1, config.vocab_size, (size, length)) * mask
    return {"input_ids": ids, "attention_mask": mask.long(),
            "token_type_ids": torch.randint(0, config.type_vocab_size, (size, length))}


def write(name, model, inputs, outputs_of):
    randomise(model)
    model.eval()
    folder = FOLDER / name
    model.save_pretrained(folder)
    exact = copy.deepcopy(model).double()
    outputs = outputs_of(exact, inputs)
    # 0 at padding: no loss looks there, and torch's padding_idx would keep its share from the row of [PAD].
    seen = inputs["attention_mask"][:, :, None]
    cotangents = {key: torch.randn(value.shape) * seen for key, value in outputs.items()}
    sum((cotangents[key].double() * value).sum() for key, value in outputs.items()).backward()
    save_file({name: p.grad.float() for name, p in exact.named_parameters() if p.grad is not None},
              folder / "gradients.safetensors")
    expected = {**inputs, **{f"cotangent.{key}": value for key, value in cotangents.items()},
                **{key: value.detach().float() for key, value in outputs.items()}}
    return exact, folder, expected


def masked_lm_outputs(model, inputs):
    hidden = model.bert(**inputs).last_hidden_state
    return {"last_hidden_state": hidden, "logits": model.cls(hidden)}


def texts(model, folder):
    """What `triad embed --hf` should make of TEXTS."""
    pieces = WORDS + [f"[unused{i}]" for i in range(model.config.vocab_size - len(WORDS))]
    (folder / "vocab.txt").write_text("\n".join(pieces) + "\n")
    (folder / "text.txt").write_text("\n".join(TEXTS) + "\n")
    tokenizer = BertTokenizer(vocab={piece: i for i, piece in enumerate(pieces)})
    encoded = tokenizer(TEXTS, padding=True, return_tensors="pt")
    hidden = model.bert(**encoded).last_hidden_state
    mask = encoded["attention_mask"].double()[:, :, None]
    return {"text.last_hidden_state": hidden.float(), "text.mean_pooled": ((hidden * mask).sum(1) / mask.sum(1)).float(),
            "text.attention_mask": encoded["attention_mask"]}


def main():
    torch.manual_seed(1)
    config = BertConfig(vocab_size=97, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48,
                        max_position_embeddings=24)
    model, folder, expected = write("masked_lm", BertForMaskedLM(config), batch(config, 3, 12), masked_lm_outputs)
    with torch.no_grad():
        expected.update(texts(model, folder))
    save_file(expected, folder / "expected.safetensors")

    config = BertConfig(vocab_size=50, hidden_size=24, num_hidden_layers=1, num_attention_heads=3, intermediate_size=40,
                        max_position_embeddings=16, type_vocab_size=3, layer_norm_eps=1e-6)
    _, folder, expected = write("model", BertModel(config), batch(config, 2, 7),
                                lambda model, inputs: {"last_hidden_state": model(**inputs).last_hidden_state})
    save_file(expected, folder / "expected.safetensors")


if __name__ == "__main__":
    main()
