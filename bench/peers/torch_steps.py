"""PyTorch: the reference workloads, one epoch a line on request, so that runs interleave.

usage: torch_steps.py eager|compile THREADS mlp|wide|tiny; says "ready", then runs an epoch for each line on standard
input and answers with ms per step. Every step meets the same batch: this epoch pays for no loading of data.
"""
import sys
import time

import torch
import torch.nn as nn

mode, threads, workload = sys.argv[1], int(sys.argv[2]), sys.argv[3]
torch.set_num_threads(threads)
torch.manual_seed(0)


def regularized(features, blocks, batch, steps):
    modules, width = [], features
    for units, rate in blocks:
        modules += [nn.Linear(width, units), nn.BatchNorm1d(units, eps=1e-3, momentum=0.01), nn.ReLU(), nn.Dropout(rate)]
        width = units
    penalized = [m.weight for m in modules if isinstance(m, nn.Linear)]
    model = nn.Sequential(*modules, nn.Linear(width, 10))
    return model, penalized, torch.randn(batch, features), torch.randint(0, 10, (batch,)), steps


def tiny(batch=32, steps=100):
    model = nn.Sequential(nn.Linear(30, 16), nn.ReLU(), nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 2))
    return model, [], torch.randn(batch, 30), torch.randint(0, 2, (batch,)), steps


workloads = {
    "mlp": lambda: regularized(784, [(512, 0.3), (256, 0.4), (128, 0.3)], 128, 30),
    "wide": lambda: regularized(1024, [(2048, 0.3)] * 3, 512, 5),
    "tiny": tiny,
}
model, penalized, x, y, steps = workloads[workload]()
loss_of = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.train().parameters(), 1e-3, fused=True)
forward = torch.compile(model) if mode == "compile" else model


def step():
    optimizer.zero_grad(set_to_none=True)
    loss = loss_of(forward(x), y) + 1e-3 * sum((w * w).sum() for w in penalized)
    loss.backward()
    optimizer.step()


for _ in range(5):
    step()
print("ready", flush=True)
for _ in sys.stdin:
    start = time.perf_counter()
    for _ in range(steps):
        step()
    print((time.perf_counter() - start) * 1e3 / steps, flush=True)
