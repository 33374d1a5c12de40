#!/usr/bin/env python3
"""torch.nn.LSTM in both directions over packed sequences, with gradients, for tests/ops/recurrent/torch_lstm_test.cpp.

    python3 scripts/golden/lstm.py > tests/golden/recurrent/lstm.json
"""
# /// script
# dependencies = ["torch==2.15.0"]
# ///

import json

import pins

pins.check(__file__)

import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


def case(seed, lengths, time, inputs, hidden, bias):
    torch.manual_seed(seed)

    def draw(*shape):  # numbers that are exact in f32, so that every dtype starts from the same ones
        return torch.randn(*shape).double()

    lstm = torch.nn.LSTM(inputs, hidden, bias=bias, batch_first=True, bidirectional=True).double()
    with torch.no_grad():
        for parameter in lstm.parameters():
            parameter.copy_(draw(*parameter.shape) * 0.5)
    x = draw(len(lengths), time, inputs).requires_grad_()
    packed, (h, c) = lstm(pack_padded_sequence(x, torch.tensor(lengths), batch_first=True, enforce_sorted=False))
    y, _ = pad_packed_sequence(packed, batch_first=True, total_length=time)
    cotangents = {"y": draw(*y.shape), "h": draw(*h.shape), "c": draw(*c.shape)}
    torch.autograd.backward([y, h, c], [cotangents["y"], cotangents["h"], cotangents["c"]])
    parameters = dict(lstm.named_parameters())
    as_lists = lambda tensors: {name: t.detach().flatten().tolist() for name, t in tensors.items()}
    return {"lengths": lengths, "time": time, "inputs": inputs, "hidden": hidden, "x": x.flatten().tolist(),
            "parameters": as_lists(parameters), "outputs": as_lists({"y": y, "h": h, "c": c}),
            "cotangents": as_lists(cotangents), "dx": x.grad.flatten().tolist(),
            "gradients": as_lists({name: p.grad for name, p in parameters.items()})}


print(json.dumps([case(1, [3, 5, 1, 4], 5, 3, 4, True), case(2, [2, 2], 3, 1, 5, False)], indent=0))
