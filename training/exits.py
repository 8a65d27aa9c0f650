"""Fits early exits, MODEL/exits.safetensors (crates/encoder/src/exit.rs).

Before some layers a logistic regression on a token's state says whether the whole model might take it for
a part of a name. Where it surely would not, neither the token nor its neighbours, the token stops there.
The threshold is set on windows that it was not fitted on, by the share of tokens of names that it gets
wrong.
"""

import argparse
import json
import random
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch.nn import functional

import recipe
import rowint8
import scoring
import windows as win

HELD_OUT = 10  # one window in this many is held out
# The logits of a token that has stopped: surely O.
LOGITS = [4.0] + [-8.0] * (len(recipe.LABELS) - 1)


def logits(model, ids, exits):
    """Logits [1, length, labels] of a window [1, length] whose tokens stop early."""
    states, live = model.distilbert.embeddings(ids), torch.ones(ids.shape, dtype=torch.bool)
    for at, layer in enumerate(model.distilbert.transformer.layer):
        if f"exits.{at}.weight" in exits:
            weight, bias = exits[f"exits.{at}.weight"][0], exits[f"exits.{at}.bias"]
            sure = live & (states @ weight + bias > 0)
            near = functional.max_pool1d(sure.float(), 3, stride=1, padding=1) > 0
            live = live & near
        states = torch.where(live[..., None], layer(states, torch.ones(ids.shape))[0], states)
    return torch.where(live[..., None], model.classifier(states), exits["exits.logits"])


def texts(work, pieces):
    """Subword ids of windows of the recipe's texts, in several cases."""
    rng = random.Random(recipe.SEED)
    for name, most in recipe.EXIT_TEXTS.items():
        sentences = win.load(work / "sets" / f"{name}.jsonl")
        win.measure(sentences, pieces)
        groups = list(win.pack(sentences, lambda: rng.choice(recipe.EXIT_WINDOWS)))
        rng.shuffle(groups)
        count = 0
        for group in groups:
            if count > most:
                break
            how = rng.choice(recipe.EXIT_CASE["kinds"]) if rng.random() < recipe.EXIT_CASE["window"] else None
            ids = []
            for sentence in group:
                words = win.set_case(sentence["words"], how) if how else sentence["words"]
                ids += win.encode(words, sentence["labels"], pieces)[0]
            count += len(ids)
            yield [pieces.cls, *ids[: win.LONGEST], pieces.sep]


def read(model, windows, layers, temperature):
    """The states of all tokens before each of `layers`, how likely each is O in the end, and whether its
    window is held out."""
    states, outside, held_out = {layer: [] for layer in layers}, [], []
    for at, ids in enumerate(windows):
        with torch.inference_mode():
            found = model(torch.tensor([ids]), output_hidden_states=True)
        for layer in layers:
            states[layer].append(found.hidden_states[layer][0].half())
        outside.append((found.logits[0] / temperature).softmax(-1)[:, 0])
        held_out.append(torch.full((len(ids),), at % HELD_OUT == 0))
    return {layer: torch.cat(rows) for layer, rows in states.items()}, torch.cat(outside), torch.cat(held_out)


def fit(states, inside):
    """Weight and bias of a logistic regression of `inside` on states."""
    torch.manual_seed(recipe.SEED)
    mean, spread = states[::7].float().mean(0), states[::7].float().std(0)
    gate = torch.nn.Linear(states.shape[1], 1)
    optimizer = torch.optim.AdamW(gate.parameters(), lr=3e-3, weight_decay=0.02)
    batch, passes = 1024, 4
    steps = passes * (len(states) // batch)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1, 0.01, steps)
    counts = torch.tensor(recipe.EXIT_INSIDE)
    for _ in range(passes):
        for rows in torch.randperm(len(states)).split(batch)[: len(states) // batch]:
            optimizer.zero_grad()
            scores = gate((states[rows].float() - mean) / spread).squeeze(-1)
            functional.binary_cross_entropy_with_logits(scores, inside[rows].float(), pos_weight=counts).backward()
            optimizer.step()
            schedule.step()
    weight = gate.weight.detach()[0] / spread
    return weight, gate.bias.detach()[0] - weight @ mean


def limit(scores, name, missed):
    """The highest threshold with at most the share `missed` of names' tokens below it, or one below all."""
    order = scores.argsort()
    stopped = name[order].float().cumsum(0)
    last = (stopped <= missed * name.sum()).sum() - 1
    return scores[order][last] if last >= 0 else scores.min() - 1


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="holds sets/")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    pieces = win.Pieces(rowint8.base_of(args.model) / "tokenizer.json")
    model = scoring.load_model(args.model, rowint8.load(args.model))
    exits = recipe.EXITS[args.model.name]
    temperature = json.loads((args.model / "config.json").read_text())["newshound"]["temperature"]
    states, outside, held_out = read(model, texts(args.work, pieces), exits, temperature)
    tensors = {"exits.logits": torch.tensor(LOGITS)}
    for layer, missed in exits.items():
        weight, bias = fit(states[layer][~held_out], outside[~held_out] < recipe.EXIT_SURE)
        scores = states[layer][held_out].float() @ weight + bias
        least = limit(scores, outside[held_out] < 0.5, missed)
        print(f"layer {layer}: {100 * (scores <= least).float().mean():.1f} % of tokens would stop, {missed:.2%} of names'")
        tensors |= {f"exits.{layer}.weight": weight[None].contiguous(), f"exits.{layer}.bias": (bias - least)[None]}
    save_file(tensors, args.model / rowint8.EXITS)


if __name__ == "__main__":
    main()
