"""PyTorch: the reference workloads, one epoch a line on request, so that runs interleave.

usage: torch_steps.py eager|compile THREADS WORKLOAD; says "ready", then runs an epoch for each line on standard
input and answers with ms per step. Every step meets the same batch: this epoch pays for no loading of data.
"""
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

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
    return model, penalized, torch.randn(batch, features), torch.randint(0, 10, (batch,)), steps, nn.CrossEntropyLoss()


def tiny(batch=32, steps=100):
    model = nn.Sequential(nn.Linear(30, 16), nn.ReLU(), nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 2))
    return model, [], torch.randn(batch, 30), torch.randint(0, 2, (batch,)), steps, nn.CrossEntropyLoss()


WORDS, SIZE = 10_000, 128


class Lstm(nn.Module):
    """With recurrent dropout a user writes the cell: nn.LSTM does not have it."""

    def __init__(self, recurrent_dropout):
        super().__init__()
        self.rate, self.words = recurrent_dropout, nn.Embedding(WORDS, SIZE)
        if not recurrent_dropout:
            self.lstm = nn.LSTM(SIZE, 64, batch_first=True)
        else:
            self.kernel = nn.Parameter(torch.randn(SIZE, 256) * 0.05)
            self.recurrent = nn.Parameter(torch.randn(64, 256) * 0.05)
            self.bias = nn.Parameter(torch.zeros(256))
        self.drop, self.out = nn.Dropout(0.3), nn.Linear(64, 1)

    def penalized(self):
        return [self.kernel, self.recurrent] if self.rate else [self.lstm.weight_ih_l0, self.lstm.weight_hh_l0]

    def forward(self, x):
        x = self.words(x)
        batch = x.shape[0]
        if not self.rate:
            h = self.lstm(F.dropout(x, 0.2, self.training))[0][:, -1]
        else:
            of_x = F.dropout(torch.ones(4, batch, SIZE), 0.2, self.training)
            of_h = F.dropout(torch.ones(4, batch, 64), self.rate, self.training)
            kernel = self.kernel.view(SIZE, 4, 64).permute(1, 0, 2)
            recurrent = self.recurrent.view(64, 4, 64).permute(1, 0, 2)
            z = torch.matmul(x.unsqueeze(0) * of_x.unsqueeze(2), kernel.unsqueeze(1)) + self.bias.view(4, 1, 1, 64)
            h, c = torch.zeros(batch, 64), torch.zeros(batch, 64)
            for t in range(x.shape[1]):
                a = z[:, :, t] + torch.bmm(h.unsqueeze(0) * of_h, recurrent)
                c = a[1].sigmoid() * c + a[0].sigmoid() * a[2].tanh()
                h = a[3].sigmoid() * c.tanh()
        return self.out(self.drop(h)).squeeze(-1)


def lstm(recurrent_dropout, batch=32, time=100):
    model = Lstm(recurrent_dropout)
    x, y = torch.randint(0, WORDS, (batch, time)), torch.randint(0, 2, (batch,)).float()
    return model, model.penalized(), x, y, 15 if recurrent_dropout else 30, nn.BCEWithLogitsLoss()


class Gru(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru, self.out = nn.GRU(SIZE, 256, batch_first=True), nn.Linear(256, 1)

    def forward(self, x):
        return self.out(self.gru(x)[0][:, -1])


def gru(batch=32, steps=6, time=200):
    return Gru(), [], torch.randn(batch, time, SIZE), torch.randn(batch, 1), steps, nn.MSELoss()


class Block(nn.Module):
    def __init__(self, size, heads, wide, causal):
        super().__init__()
        self.attend = nn.MultiheadAttention(size, heads, dropout=0.1, batch_first=True)
        self.wide, self.narrow, self.causal = nn.Linear(size, wide), nn.Linear(wide, size), causal
        self.first, self.second = nn.LayerNorm(size, eps=1e-6), nn.LayerNorm(size, eps=1e-6)
        self.drop = nn.Dropout(0.1)

    def forward(self, x):
        mask = torch.triu(torch.ones(x.shape[1], x.shape[1], dtype=torch.bool), 1) if self.causal else None
        seen = self.attend(x, x, x, need_weights=False, attn_mask=mask, is_causal=self.causal)[0]
        h = self.first(x + self.drop(seen))
        return self.second(h + self.drop(self.narrow(self.drop(F.relu(self.wide(h))))))


class Transformer(nn.Module):
    def __init__(self, words, size, heads, wide, blocks, time, outputs, causal):
        super().__init__()
        self.words, self.positions = nn.Embedding(words, size), nn.Parameter(torch.rand(time, size) * 0.1)
        self.blocks = nn.ModuleList([Block(size, heads, wide, causal) for _ in range(blocks)])
        self.out, self.causal = nn.Linear(size, outputs), causal

    def penalized(self):
        return [w for block in self.blocks for w in (block.wide.weight, block.narrow.weight)]

    def forward(self, x):
        h = self.words(x) + self.positions
        for block in self.blocks:
            h = block(h)
        return self.out(h).transpose(1, 2) if self.causal else self.out(h.mean(1))


def transformer(batch=32, steps=12, time=128):
    model = Transformer(WORDS, SIZE, 8, 512, 2, time, 2, False)
    x, y = torch.randint(0, WORDS, (batch, time)), torch.randint(0, 2, (batch,))
    return model, model.penalized(), x, y, steps, nn.CrossEntropyLoss()


def causal_lm(batch=8, steps=3, time=256, size=256, words=1000):
    model = Transformer(words, size, 8, 4 * size, 4, time, words, True)
    x, y = torch.randint(0, words, (batch, time)), torch.randint(0, words, (batch, time))
    return model, model.penalized(), x, y, steps, nn.CrossEntropyLoss()


workloads = {
    "mlp": lambda: regularized(784, [(512, 0.3), (256, 0.4), (128, 0.3)], 128, 30),
    "wide": lambda: regularized(1024, [(2048, 0.3)] * 3, 512, 5),
    "tiny": tiny,
    "lstm_plain": lambda: lstm(0),
    "lstm_recdrop": lambda: lstm(0.2),
    "gru": gru,
    "transformer": transformer,
    "causal_lm": causal_lm,
}
model, penalized, x, y, steps, loss_of = workloads[workload]()
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
