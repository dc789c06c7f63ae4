"""PyTorch: the mlp workload, one epoch of 30 steps a line on request, so that runs interleave.

usage: torch_mlp.py eager|compile THREADS; each line on standard input runs an epoch and answers with ms per step.
"""
import sys
import time

import torch
import torch.nn as nn

mode, threads = sys.argv[1], int(sys.argv[2])
torch.set_num_threads(threads)
torch.manual_seed(0)
modules, width = [], 784
for units, rate in [(512, 0.3), (256, 0.4), (128, 0.3)]:
    modules += [nn.Linear(width, units), nn.BatchNorm1d(units, eps=1e-3, momentum=0.01), nn.ReLU(), nn.Dropout(rate)]
    width = units
model = nn.Sequential(*modules, nn.Linear(width, 10)).train()
penalized = [m.weight for m in model if isinstance(m, nn.Linear)][:3]
x, y = torch.randn(128, 784), torch.randint(0, 10, (128,))
loss_of = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), 1e-3, fused=True)
forward = torch.compile(model) if mode == "compile" else model


def step():
    optimizer.zero_grad(set_to_none=True)
    loss = loss_of(forward(x), y) + 1e-3 * sum((w * w).sum() for w in penalized)
    loss.backward()
    optimizer.step()


for _ in range(10):
    step()
print("ready", flush=True)
for _ in sys.stdin:
    start = time.perf_counter()
    for _ in range(30):
        step()
    print((time.perf_counter() - start) * 1e3 / 30, flush=True)
