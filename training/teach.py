"""Writes what two teachers say of each word, WORK/taught/SET.npy: probabilities [words, labels] in f16.

One is MPNet, WORK/teacher, the other a model folder; they count alike. Both read windows of 160
subwords, in bf16 products, in the case that the text has.
"""

import argparse
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
from safetensors.torch import load_file

import finetune
import recipe
import scoring
import teacher
import windows as win


def teachers(work, weights):
    """Both as (network, subwords)."""
    base = work / "teacher_base"
    large = teacher.Teacher(base)
    large.load_state_dict(load_file(work / recipe.TEACHER["name"] / "average.safetensors"))
    yield large.eval(), teacher.Pieces(base / "tokenizer.json")
    yield finetune.build_model(work / "base", False, weights).eval(), win.Pieces(work / "base" / "tokenizer.json")


def probabilities(network, pieces, sentences):
    """Those of each word of the sentences, one after the other."""

    def read(input_ids, attention_mask):
        with torch.autocast("cpu", torch.bfloat16):
            logits, _ = network(input_ids, attention_mask, None)
        return SimpleNamespace(logits=logits.float())

    win.measure(sentences, pieces)
    rows = scoring.word_logits(read, sentences, pieces, recipe.WINDOW)
    return np.exp(scoring.log_softmax(np.concatenate(rows)))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="holds base/, sets/, teacher_base/ and teacher/")
    parser.add_argument("--weights", type=Path, required=True, help="those of the other teacher")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.set_flush_denormal(True)
    (args.work / "taught").mkdir(exist_ok=True)
    names = {name: None for shares in recipe.TAUGHT["passes"] for name in shares}
    for name in names.keys() - recipe.TAUGHT["untaught"]:
        out = args.work / "taught" / f"{name}.npy"
        if out.exists():
            continue
        sentences = win.load(args.work / "sets" / f"{name}.jsonl")
        total = sum(probabilities(*one, sentences) for one in teachers(args.work, args.weights))
        np.save(out.with_suffix(".part.npy"), (total / 2).astype(np.float16))
        out.with_suffix(".part.npy").rename(out)
        print(f"{name}: {len(total)} words", flush=True)


if __name__ == "__main__":
    main()
