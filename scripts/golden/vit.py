#!/usr/bin/env python3
"""Writes tests/golden/vit: a small VisionTransformer of timm, what it makes of random tokens, and its gradients.
Computes in f64 from weights that f32 holds exactly."""
# /// script
# dependencies = ["timm==1.0.31", "torch==2.15.0", "safetensors==0.8.0"]
# ///

import pathlib

import pins

pins.check(__file__)

import torch
from safetensors.torch import save_file
from timm.models.vision_transformer import VisionTransformer

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "tests/golden/vit"
BATCH, TOKENS, WIDTH = 2, 7, 48


def main():
    torch.manual_seed(1)

    def draw(*shape):
        return torch.randn(*shape).double()

    # Blocks and final norm; tokens go in where patches come out, and no position is added. The MLP is 1.5 times as wide
    # as the tokens, so that no two shapes agree by chance.
    model = VisionTransformer(embed_dim=WIDTH, depth=2, num_heads=3, mlp_ratio=1.5, num_classes=0, global_pool="",
                              class_token=False, pos_embed="none").double().eval()
    model.patch_embed = torch.nn.Identity()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            is_scale = name.endswith("weight") and "norm" in name
            parameter.copy_((draw(*parameter.shape) * 0.2 + is_scale).float())
    tokens = draw(BATCH, TOKENS, WIDTH).requires_grad_()
    output = model.forward_features(tokens)
    cotangent = draw(*output.shape)
    output.backward(cotangent)

    tensors = {"tokens": tokens, "output": output, "cotangent": cotangent, "gradient.tokens": tokens.grad}
    for name, parameter in model.named_parameters():
        tensors[name] = parameter
        tensors[f"gradient.{name}"] = parameter.grad
    FOLDER.mkdir(parents=True, exist_ok=True)
    save_file({name: t.detach().float().contiguous() for name, t in tensors.items()}, FOLDER / "timm.safetensors")


if __name__ == "__main__":
    main()
