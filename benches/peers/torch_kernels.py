#!/usr/bin/env python3
"""The kernels of `triad bench run` in PyTorch, on the tensors that triad works on.

The program is asked line by line, in JSON, and answers every line with one:
    {"op", "pass", "attributes", "inputs", "threads", "sets", "tensors"}  ->  {"known", "torch"}
    {"calls": n}      ->  {"seconds"}   n calls, over `sets` copies of the inputs in turn
    {"results": file} ->  {}            outputs, or gradients of the floating inputs, as a safetensors file
What cannot be done is answered with {"error"}. Needs PyTorch 2; nothing else.
"""
import time

import torch
import torch.nn.functional as F

from torch_peer import converse, read_safetensors, write_safetensors


def attention(inputs, a):
    q, k, v, seen = inputs
    return F.scaled_dot_product_attention(q, k, v, attn_mask=None if seen is None else seen[:, None, None, :])


def lstm(inputs, a):
    """As of triad: one way over [B, T, C], without lengths here. The weights of torch's own module, so that its kernel runs."""
    x, lengths, input_weight, recurrent_weight, input_bias, recurrent_bias = inputs
    zero = x.new_zeros(1, x.shape[0], recurrent_weight.shape[1])
    reverse = bool(a["reverse"])
    weights = (input_weight, recurrent_weight, input_bias, recurrent_bias)
    y, h, c = torch.lstm(x.flip(1) if reverse else x, (zero, zero), weights, True, 1, 0.0, True, False, True)
    return (y.flip(1) if reverse else y), h[0], c[0]


def info_nce(inputs, a):
    x, y, ids_x, ids_y, log_scale = inputs  # each identity once on both sides, in order: the positive is the diagonal
    scores, own = log_scale.exp() * x @ y.T, torch.arange(len(x))
    return 0.5 * (F.cross_entropy(scores, own) + F.cross_entropy(scores.T, own))


def adamw_step(inputs, a):
    p, g, m, v = inputs
    torch._fused_adamw_([p], [g], [m], [v], [], [torch.tensor(3.0)], lr=1e-3, beta1=0.9, beta2=0.999, weight_decay=0.01,
                        eps=1e-8, amsgrad=False, maximize=False)
    return p, m, v


OPS = {
    "add": lambda x, a: x[0] + x[1],
    "linear": lambda x, a: F.linear(*x),
    "gelu": lambda x, a: F.gelu(x[0], approximate="tanh" if a["tanh"] else "none"),
    "softmax": lambda x, a: F.softmax(x[0], -1),
    "log_softmax": lambda x, a: F.log_softmax(x[0], -1),
    "layer_norm": lambda x, a: F.layer_norm(x[0], x[0].shape[-1:], x[1], x[2]),
    "group_norm": lambda x, a: F.group_norm(x[0], int(a["groups"]), x[1], x[2]),
    "conv1d": lambda x, a: F.conv1d(*x, stride=int(a["stride"]), padding=int(a["padding"])),
    "conv2d": lambda x, a: F.conv2d(*x, stride=int(a["stride"]), padding=int(a["padding"])),
    "embedding": lambda x, a: F.embedding(x[1], x[0]),
    "cross_entropy": lambda x, a: F.cross_entropy(*x),
    "attention": attention,
    "lstm": lstm,
    "info_nce": info_nce,
    "gradient_norm": lambda x, a: torch.linalg.vector_norm(x[0]),
    "adamw_step": adamw_step,
}
IN_PLACE = {"adamw_step", "gradient_norm"}  # no tape


def as_tuple(y):
    return tuple(y) if isinstance(y, (tuple, list)) else (y,)


class Kernel:
    def __init__(self, request):
        torch.set_num_threads(request["threads"])
        loaded = read_safetensors(request["tensors"])
        self.op, self.attributes, self.backward = OPS[request["op"]], request["attributes"], request["pass"] == "bwd"
        tape = request["op"] not in IN_PLACE
        self.sets, self.outputs, self.last, self.next = [], [], None, 0
        for _ in range(request["sets"]):
            inputs = [loaded.get(f"input.{i}") for i in range(request["inputs"])]
            self.sets.append([None if t is None else t.clone().requires_grad_(tape and t.is_floating_point())
                              for t in inputs])
        if self.backward:
            cotangents = [loaded.get(f"cotangent.{i}") for i in range(8)]
            for inputs in self.sets:
                reached = [(y, dy) for y, dy in zip(as_tuple(self.op(inputs, self.attributes)), cotangents) if dy is not None]
                self.outputs.append(([y for y, _ in reached], [dy.clone() for _, dy in reached]))

    def run(self, at):
        if not self.backward:
            return as_tuple(self.op(self.sets[at], self.attributes))
        leaves = [t for t in self.sets[at] if t is not None and t.requires_grad]
        return torch.autograd.grad(*self.outputs[at][:1], leaves, self.outputs[at][1], retain_graph=True)

    def seconds(self, calls):
        start = time.perf_counter()
        for _ in range(calls):
            self.run(self.next)
            self.next = (self.next + 1) % len(self.sets)
        return time.perf_counter() - start

    def results(self):
        at = len(self.sets) - 1
        made = iter(self.run(at))
        if not self.backward:
            return {str(i): y for i, y in enumerate(made)}
        floating = [t for t in self.sets[at] if t is None or t.requires_grad]  # a missing input keeps its place
        return {str(i): next(made) for i, t in enumerate(floating) if t is not None}


def answer(request, kernel):
    if "op" in request:
        known = request["op"] in OPS and not request["attributes"].get("dropout")  # random numbers cannot be compared
        return {"known": known, "torch": torch.__version__}, Kernel(request) if known else None
    if "calls" in request:
        return {"seconds": kernel.seconds(request["calls"])}, kernel
    write_safetensors(request["results"], kernel.results())
    return {}, kernel


if __name__ == "__main__":
    converse(answer)
