"""Teaches a smaller tagger, the first layers of the shipped one, what the whole says.

The change of each matrix is of low rank (Hu and others, "LoRA", 2021), so it takes few megabytes beside
the shipped weights. Reads WORK/sets, WORK/base and the shipped model; writes
OUT/low_rank.safetensors: the change, with what else is new.
"""

import argparse
import multiprocessing
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional

import evaluate
import finetune
import gather
import nets
import recipe
import rowint8
import teach
import texts as txt
import windows as win

READ_AT_ONCE = 4096  # subwords, padding included


class LowRank(nn.Module):
    """A linear layer with a fixed weight, and beside it a product of two thin matrices that starts at zero."""

    def __init__(self, linear, rank):
        super().__init__()
        outputs, inputs = linear.weight.shape
        self.register_buffer("weight", linear.weight.detach())
        self.bias = linear.bias
        self.into = nn.Parameter(torch.randn(rank, inputs) / inputs**0.5)
        self.out = nn.Parameter(torch.zeros(outputs, rank))

    def forward(self, states):
        change = functional.linear(functional.linear(states, self.into), self.out)
        return functional.linear(states, self.weight, self.bias) + change


class Layer(nets.DistilLayer):
    """One with changes of low rank and without dropout."""

    dropout = 0.0

    def __init__(self, layer, rank):
        nn.Module.__init__(self)
        self.attention, self.sa_layer_norm = layer.attention, layer.sa_layer_norm
        self.ffn, self.output_layer_norm = layer.ffn, layer.output_layer_norm
        for block in (self.attention, self.ffn):
            for name, linear in list(block.named_children()):
                setattr(block, name, LowRank(linear, rank))

    def attended(self, x, added):
        rows, length, size = x.shape
        heads = lambda mixed: mixed.view(rows, length, nets.HEADS, -1).transpose(1, 2)
        a = self.attention
        query, key, value = (heads(linear(x)) for linear in (a.q_lin, a.k_lin, a.v_lin))
        return a.out_lin(nets.mix(query, key, value, added).transpose(1, 2).reshape(rows, length, size))


def student(whole, stage):
    """The first layers of the whole with fixed weights and low-rank changes; vectors and the head learn."""
    net = nets.Distil(layers=stage["layers"])
    net.load_state_dict(whole, strict=False)
    net.dropout = 0.0
    net.distilbert.embeddings.position_embeddings.weight.requires_grad = False
    layers = net.distilbert.transformer.layer
    net.distilbert.transformer.layer = nn.ModuleList(Layer(layer, stage["rank"]) for layer in layers)
    return net


def learned(net):
    """What differs from the whole, by name."""
    trained = ((name, p) for name, p in net.named_parameters() if p.requires_grad)
    return {name: p.detach().cpu().contiguous() for name, p in trained if not name.startswith(("guesses", "topics"))}


def print_scores(who, work, net, texts, lengths, device):
    said = torch.zeros(len(texts.words), len(recipe.LABELS), device=device)
    for words, _, p in teach.read(net, texts, "student", lengths, device, evaluate.DEVELOPMENT, READ_AT_ONCE):
        said[words] = p
    teach.print_scores(who, work, texts, said, evaluate.DEVELOPMENT)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="holds sets/ and base/")
    parser.add_argument("--model", type=Path, required=True, help="the shipped model")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    stage = recipe.SMALL
    torch.set_num_threads(args.threads)
    torch.set_flush_denormal(True)
    sets = gather.load(args.work, [*stage["shares"], *evaluate.DEVELOPMENT])
    texts = txt.Texts.build(sets, {"student": win.Pieces(args.work / "base" / "tokenizer.json")})
    teach.make_pass.texts = texts
    lengths = texts.lengths("student")
    # The processes are started before the device is used.
    pool = multiprocessing.get_context("fork").Pool(2)
    how = dict(tokenizer="student", lengths=lengths, shares=stage["shares"], case=stage["case"], budget=stage["batch"])
    passes = {"shares": iter(teach.Feed(pool, "small", **how))}
    device = "cuda" if torch.cuda.is_available() else "cpu"
    whole = {name: torch.from_numpy(np.ascontiguousarray(tensor)) for name, tensor in rowint8.load(args.model).items()}
    net = teach.start(nets.Distil(), whole, device).eval()
    known = teach.Known(texts, device)
    known.taught = torch.zeros(len(texts.words), len(recipe.LABELS), dtype=torch.half, device=device)
    known.states = [torch.zeros(len(texts.words), net.classifier.in_features, dtype=torch.bfloat16, device=device)]
    print_scores("the whole", args.work, net, texts, lengths, device)
    for k, window in enumerate(stage["windows"]):
        for words, states, p in teach.read(net, texts, "student", lengths, device, at_once=READ_AT_ONCE, window=window):
            known.taught[words] += (p / len(stage["windows"])).half()
            if k == 0:
                known.states[0][words] = teach.normed(states)
    torch.manual_seed(recipe.SEED)
    net = student(whole, stage).to(device)
    size = net.classifier.in_features
    net.guesses = nn.ModuleList([nn.Linear(size, size)]).to(device)
    teach.train("small", net, known, teach.student_loss, passes, texts.subwords["student"].pad, stage, device)
    print_scores("small", args.work, net, texts, lengths, device)
    save_file(learned(net), args.out / "low_rank.safetensors", metadata={"format": "pt"})
    config = finetune.config_of(args.work / "base")
    config.n_layers = stage["layers"]
    config.save_pretrained(args.out)
    pool.terminate()


if __name__ == "__main__":
    main()
