#!/usr/bin/env python3
"""The training steps of `triad bench steps` in PyTorch, each the way a good PyTorch user would write it.

A step is forward, loss, backward, clipping by the global norm 1 and fused AdamW; bf16 is autocast over f32 weights. Models,
weights and batch are those of triad: both come in a safetensors file, under the names that triad uses.

The program is asked line by line, in JSON, and answers every line with one:
    {"case", "dtype", "mode", "threads", "dropout", "tensors"}  ->  {"parameters", "torch"}
    {"step": true}                                              ->  {"ms", "loss", "peak_rss_mb"}
A step that cannot be done is answered with {"error"}. Needs PyTorch 2; nothing else.
"""
import gc
import math
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

from torch_peer import converse, read_safetensors


class Attention(nn.Module):
    def __init__(self, width, heads, dropout):
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.query_key_value, self.output = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x, mask):
        B, T, C = x.shape
        q, k, v = self.query_key_value(x).view(B, T, 3, self.heads, C // self.heads).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, dropout_p=self.dropout if self.training else 0.0)
        return self.output(y.transpose(1, 2).reshape(B, T, C))


class FeedForward(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.inner, self.outer = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        return self.outer(F.gelu(self.inner(x)))


class Block(nn.Module):
    """Post-norm as BERT's or pre-norm as ViT's."""

    def __init__(self, width, heads, dropout, pre):
        super().__init__()
        self.pre, self.dropout = pre, dropout
        eps = 1e-6 if pre else 1e-12
        self.attention, self.attention_norm = Attention(width, heads, dropout), nn.LayerNorm(width, eps=eps)
        self.feed_forward, self.feed_forward_norm = FeedForward(width), nn.LayerNorm(width, eps=eps)

    def forward(self, x, mask):
        drop = lambda t: F.dropout(t, self.dropout, self.training)
        if self.pre:
            x = x + drop(self.attention(self.attention_norm(x), mask))
            return x + drop(self.feed_forward(self.feed_forward_norm(x)))
        x = self.attention_norm(x + drop(self.attention(x, mask)))
        return self.feed_forward_norm(x + drop(self.feed_forward(x)))


class TextEncoder(nn.Module):
    def __init__(self, layers, width, vocabulary, dropout):
        super().__init__()
        self.tokens, self.positions, self.segments = (nn.Embedding(n, width) for n in (vocabulary, 512, 2))
        self.embedding_norm, self.dropout = nn.LayerNorm(width, eps=1e-12), dropout
        self.layers = nn.ModuleList(Block(width, width // 64, dropout, False) for _ in range(layers))

    def forward(self, ids, seen):
        x = self.tokens(ids) + self.positions.weight[: ids.shape[1]] + self.segments.weight[0]
        x = F.dropout(self.embedding_norm(x), self.dropout, self.training)
        for layer in self.layers:
            x = layer(x, seen[:, None, None, :])
        return x


class MaskedLmHead(nn.Module):
    def __init__(self, width, vocabulary):
        super().__init__()
        self.transform, self.norm = nn.Linear(width, width), nn.LayerNorm(width, eps=1e-12)
        self.bias = nn.Parameter(torch.zeros(vocabulary))

    def forward(self, x, table):
        return F.linear(self.norm(F.gelu(self.transform(x))), table, self.bias)


class TextStep(nn.Module):
    def __init__(self, layers, width, vocabulary, dropout):
        super().__init__()
        self.encoder, self.head = TextEncoder(layers, width, vocabulary, dropout), MaskedLmHead(width, vocabulary)

    def forward(self, ids, seen, masked, labels):
        hidden = self.encoder(ids, seen).flatten(0, 1)[masked]
        return F.cross_entropy(self.head(hidden, self.encoder.tokens.weight), labels)


class ImageTower(nn.Module):
    def __init__(self, layers, width, heads, patch, dropout):
        super().__init__()
        if patch:
            self.convolutions, self.norms = nn.ModuleList([nn.Conv2d(3, width, patch, patch)]), nn.ModuleList()
        else:
            channels = [3, width // 4, width // 2, width]
            stem = [nn.Conv2d(a, b, 3, 2, 1, bias=False) for a, b in zip(channels, channels[1:])]
            self.convolutions = nn.ModuleList([*stem, nn.Conv2d(width, width, 1)])
            self.norms = nn.ModuleList(nn.GroupNorm(8, c) for c in channels[1:])
        self.layers = nn.ModuleList(Block(width, heads, dropout, True) for _ in range(layers))
        self.norm = nn.LayerNorm(width, eps=1e-6)

    def forward(self, x, positions):
        for i, convolution in enumerate(self.convolutions):
            x = convolution(x)
            if i < len(self.norms):
                x = F.gelu(self.norms[i](x))
        x = x.flatten(2).transpose(1, 2) + positions
        for layer in self.layers:
            x = layer(x, None)
        return self.norm(x).mean(1)


class ImageStep(nn.Module):
    def __init__(self, layers, width, heads, patch, classes, dropout):
        super().__init__()
        self.tower, self.classifier = ImageTower(layers, width, heads, patch, dropout), nn.Linear(width, classes)

    def forward(self, images, positions, labels):
        return F.cross_entropy(self.classifier(self.tower(images, positions)), labels)


class SpeechStep(nn.Module):
    STEP, AHEAD = 4, 3  # frames a step; steps from what is seen to what is predicted

    def __init__(self, width=256, bands=80):
        super().__init__()
        self.first, self.second = nn.Conv1d(bands, width, 3, 2, 1), nn.Conv1d(width, width, 3, 2, 1)
        self.forward_lstm, self.backward_lstm = (nn.LSTM(width, width, 2, batch_first=True) for _ in range(2))
        self.predict_forward, self.predict_backward = (nn.Linear(width, self.STEP * bands) for _ in range(2))

    def forward(self, frames):
        x = F.gelu(self.second(F.gelu(self.first(frames)))).transpose(1, 2)
        target = frames.transpose(1, 2).reshape(x.shape[0], x.shape[1], -1)
        ahead, behind = self.forward_lstm(x)[0], self.backward_lstm(x.flip(1))[0].flip(1)
        n = self.AHEAD
        return (F.l1_loss(self.predict_forward(ahead[:, :-n]), target[:, n:]) +
                F.l1_loss(self.predict_backward(behind[:, n:]), target[:, :-n]))


class Projection(nn.Module):
    def __init__(self, width, shared):
        super().__init__()
        self.linear = nn.Linear(width, shared, bias=False)

    def forward(self, x):
        return F.normalize(self.linear(x).float(), dim=-1)


class AlignStep(nn.Module):
    def __init__(self, dropout):
        super().__init__()
        self.image, self.text = ImageTower(6, 192, 3, None, dropout), TextEncoder(4, 256, 8192, dropout)
        self.image_projection, self.text_projection = Projection(192, 128), Projection(256, 128)
        self.log_scale = nn.Parameter(torch.zeros(()))

    def forward(self, images, positions, ids, seen):
        a = self.image_projection(self.image(images, positions))
        b = self.text_projection(self.text(ids, seen)[:, 0])
        scores, own = self.log_scale.exp() * a @ b.T, torch.arange(len(a))
        return 0.5 * (F.cross_entropy(scores, own) + F.cross_entropy(scores.T, own))


CASES = {
    "text-mini": lambda dropout: (TextStep(4, 256, 8192, dropout), ["ids", "seen", "masked", "labels"]),
    "image-6x192": lambda dropout: (ImageStep(6, 192, 3, None, 100, dropout), ["images", "positions", "labels"]),
    "speech-256": lambda dropout: (SpeechStep(), ["frames"]),
    "align": lambda dropout: (AlignStep(dropout), ["images", "positions", "ids", "seen"]),
    "text-base": lambda dropout: (TextStep(12, 768, 30522, dropout), ["ids", "seen", "masked", "labels"]),
    "vit-b16": lambda dropout: (ImageStep(12, 768, 12, 16, 1000, dropout), ["images", "positions", "labels"]),
}


def torch_name(name):
    """torch.nn.LSTM numbers the layers at the end of a name, and "forward" is a method of every module."""
    for way in ("forward", "backward"):
        prefix = f"{way}.layers."
        if name.startswith(prefix):
            layer, kind = name.removeprefix(prefix).split(".")
            return f"{way}_lstm.{kind}_l{layer}"
    return name


class Step:
    def __init__(self, case, dtype, mode, threads, dropout, tensors):
        torch.set_num_threads(threads)
        torch.manual_seed(0)
        loaded = read_safetensors(tensors)
        self.model, inputs = CASES[case](dropout)
        self.batch = [loaded.pop("batch." + name) for name in inputs]
        self.model.load_state_dict({torch_name(name): value for name, value in loaded.items()})
        self.forward = torch.compile(self.model) if mode == "compile" else self.model
        matrices = [p for p in self.model.parameters() if p.ndim > 1]
        others = [p for p in self.model.parameters() if p.ndim <= 1]
        groups = [{"params": matrices, "weight_decay": 0.01}, {"params": others, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, lr=1e-4, fused=True)
        self.bf16 = dtype == "bf16"

    def run(self):
        self.optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bf16):
            loss = self.forward(*self.batch)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        return loss.item()


def reset_peak_memory():
    with open("/proc/self/clear_refs", "w") as file:  # see proc(5)
        file.write("5")


def peak_memory_mb():
    """In MB of 10^6 bytes. ru_maxrss would hold what the program that started this one had."""
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM:")) * 1024 / 1e6


def answer(request, step):
    if "case" in request:
        if step is not None:
            step.__dict__.clear()  # or two models would be there at once
            gc.collect()
        step = Step(**request)
        reset_peak_memory()
        return {"parameters": sum(p.numel() for p in step.model.parameters()), "torch": torch.__version__}, step
    start = time.perf_counter()
    loss = step.run()
    ms = (time.perf_counter() - start) * 1e3
    if not math.isfinite(loss):
        raise ArithmeticError(f"the loss is {loss}")
    return {"ms": ms, "loss": loss, "peak_rss_mb": peak_memory_mb()}, step


if __name__ == "__main__":
    converse(answer)
