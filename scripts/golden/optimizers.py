#!/usr/bin/env python3
"""Five steps of torch.optim.AdamW and torch.optim.SGD, for tests/ops/optimizer/torch_optimizers_test.cpp.

    python3 scripts/golden/optimizers.py > tests/golden/optimizers/torch.json
"""
# /// script
# dependencies = ["torch==2.15.0"]
# ///

import json

import pins

pins.check(__file__)

import torch

N, DECAYED, STEPS = 19, 11, 5


def run(name, **options):
    decay = options.pop("weight_decay", 0.0)
    generator = torch.Generator().manual_seed(7)
    start = torch.randn(N, generator=generator, dtype=torch.float64)
    gradients = torch.randn(STEPS, N, generator=generator, dtype=torch.float64)
    gradients[1, 3] = 0.0
    gradients[:, 5] = 0.0
    gradients[2] *= 1e-3
    gradients[3] *= 1e3
    # Both sides start from the same f32 numbers; the steps of the reference are in f64.
    start, gradients = start.float().double(), gradients.float().double()
    decayed = start[:DECAYED].clone().requires_grad_()
    plain = start[DECAYED:].clone().requires_grad_()
    groups = [{"params": [decayed], "weight_decay": decay}, {"params": [plain], "weight_decay": 0.0}]
    optimizer = {"adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}[name](groups, **options)
    parameters = []
    for gradient in gradients:
        decayed.grad, plain.grad = gradient[:DECAYED].clone(), gradient[DECAYED:].clone()
        optimizer.step()
        parameters.append(torch.cat([decayed, plain]).detach().tolist())
    if "betas" in options:
        options["beta1"], options["beta2"] = options.pop("betas")
    return {"optimizer": name, "options": {**options, "weight_decay": decay}, "decayed": DECAYED, "start": start.tolist(),
            "gradients": gradients.tolist(), "parameters": parameters}


print(json.dumps([
    run("adamw", lr=1e-2, betas=(0.9, 0.98), eps=1e-8, weight_decay=0.05),
    run("adamw", lr=1e-1, betas=(0.5, 0.9), eps=1e-3, weight_decay=1.0),
    run("sgd", lr=1e-2),
    run("sgd", lr=1e-2, momentum=0.9, weight_decay=0.1),
    run("sgd", lr=1e-3, momentum=0.8, weight_decay=0.1, nesterov=True),
], indent=0))
