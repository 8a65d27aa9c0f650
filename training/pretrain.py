"""Continues the base encoder's pretraining: it guesses hidden words. Needs a GPU.

Whole words are hidden as in BERT (Devlin and others 2019). Reads WORK/compared.npz and WORK/base; writes
OUT/model.safetensors, all of an encoder and no head.
"""

import argparse
import multiprocessing
import time
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional

import finetune
import nets
import recipe
import teach
import texts as txt
import windows as win

FIRST_SUBWORD = 106  # the first id behind the special and unused ones
AS_WRITTEN = {"window": 0.0, "sentence": 0.0, "kinds": ["lower"]}


class Guess(nn.Module):
    """Logits of subwords [places, subwords] for states [places, size], by the word embeddings."""

    def __init__(self, embeddings):
        super().__init__()
        subwords, size = embeddings.weight.shape
        self.embeddings = [embeddings]  # not a parameter of this module
        self.transform, self.norm = nn.Linear(size, size), nn.LayerNorm(size)
        self.bias = nn.Parameter(torch.zeros(subwords))

    def forward(self, states):
        states = self.norm(functional.gelu(self.transform(states)))
        return functional.linear(states, self.embeddings[0].weight, self.bias)


def hide(batch, share, mask, subwords):
    """Ids with a share of the words hidden, and the places of these words' subwords."""
    ids, device = batch.ids, batch.ids.device
    place = torch.arange(ids.shape[1], device=device)
    inner = (place[None] > 0) & (place[None] < batch.lengths[:, None] - 1)
    first = torch.zeros_like(ids)
    first[batch.rows, batch.places] = 1
    draw = torch.rand(ids.shape[0], ids.shape[1] + 1, device=device) < share
    chosen = draw.gather(1, first.cumsum(1)) & inner
    # Eight of ten become a mask, one another subword, one stays.
    how = torch.rand(ids.shape, device=device)
    other = torch.randint_like(ids, FIRST_SUBWORD, subwords)
    shown = torch.where(chosen & (how < 0.8), mask, torch.where(chosen & (how > 0.9), other, ids))
    return shown, chosen.nonzero(as_tuple=True)


def pretrain(net, passes, pad, mask, stage, device):
    optimizer = finetune.build_optimizer(net, stage["rate"], True, stage["heads"])
    rates = [group["lr"] for group in optimizer.param_groups]
    trained = [p for p in net.parameters() if p.requires_grad]
    net.train()
    begin, step, steps = time.time(), 0, stage["steps"]
    while step < steps:
        for batch in teach.batches(next(passes), pad, device):
            if step == steps:
                break
            for group, rate in zip(optimizer.param_groups, rates):
                group["lr"] = rate * finetune.rate_factor(stage, step)
            shown, at = hide(batch, stage["hidden"], mask, len(net.guesses.bias))
            with torch.autocast(device, torch.bfloat16):
                logits = net.guesses(net.states(shown, batch.lengths)[at])
            loss = functional.cross_entropy(logits.float(), batch.ids[at].long())
            loss.backward()
            torch.nn.utils.clip_grad_norm_(trained, recipe.CLIP)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            step += 1
            if step % 100 == 0 or step == steps:
                print(f"step {step}/{steps} loss {loss.item():.3f} {time.time() - begin:.0f} s", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="holds compared.npz and base/")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    stage = recipe.PRETRAINING
    texts = txt.Texts.load(args.work / "compared.npz")
    teach.make_pass.texts = texts
    how = dict(tokenizer="student", lengths=texts.lengths("student"), shares=stage["shares"], case=AS_WRITTEN, budget=stage["batch"])
    # The processes are started before the device is used.
    pool = multiprocessing.get_context("fork").Pool(teach.AHEAD)
    passes = iter(teach.Feed(pool, "pretraining", **how))
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(recipe.SEED)
    net = teach.start(nets.Distil(), load_file(args.work / "base" / "model.safetensors"), device)
    net.guesses = Guess(net.distilbert.embeddings.word_embeddings).to(device)
    mask = win.Pieces(args.work / "base" / "tokenizer.json").tokenizer.token_to_id("[MASK]")
    pretrain(net, passes, texts.subwords["student"].pad, mask, stage, device)
    state = {name: tensor.cpu().contiguous() for name, tensor in net.state_dict().items() if name.startswith("distilbert.")}
    save_file(state, args.out / "model.safetensors", metadata={"format": "pt"})
    pool.terminate()


if __name__ == "__main__":
    main()
