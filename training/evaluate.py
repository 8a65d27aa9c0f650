"""Scores weights on held-out sets, with figures of the same form as `newshound eval --format json`."""

import argparse
import json
from pathlib import Path

import torch

import recipe
import rowint8
import scoring
import windows as win

NAMES = ("PER", "ORG", "LOC")
SETS = {
    "wikinews_dev": ("PER", "ORG", "LOC", "MISC"),
    "news_dev": ("PER", "ORG", "LOC", "MISC"),
    "gmb_read_dev": ("PER", "ORG", "LOC", "MISC"),
    "uner_en_ewt_dev": NAMES,
    "uner_en_ewt_test": NAMES,
    "wikigold": ("PER", "ORG", "LOC", "MISC"),
    "conll2003_en_test": ("PER", "ORG", "LOC", "MISC"),
    "btc_g": NAMES,
}
DEVELOPMENT = [name for name in SETS if name.endswith("_dev")]


def mean_dev(model, work, pieces):
    """F1 over PER, ORG, LOC on each development set, for choosing between weights."""
    found = {}
    for name in DEVELOPMENT:
        sentences = win.load(work / "sets" / f"{name}.jsonl")
        win.measure(sentences, pieces)
        labels = scoring.predict(model, sentences, pieces, recipe.WINDOW)
        found[name] = scoring.score(sentences, labels, NAMES)["overall"]["f1"]
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="holds sets/")
    parser.add_argument("--model", type=Path, required=True, help="folder with config.json and tokenizer.json")
    parser.add_argument("--weights", type=Path, help="instead of the folder's own: a file, or a folder with them")
    parser.add_argument("--window", type=int, default=recipe.WINDOW, help="subwords a window; 1 is one sentence each")
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=list(SETS))
    parser.add_argument("--out", type=Path, help="folder for one JSON file a set")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    pieces = win.Pieces(args.model / "tokenizer.json")
    model = scoring.load_model(args.model, rowint8.load(args.weights or args.model))
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
    for name in args.sets:
        sentences = win.load(args.work / "sets" / f"{name}.jsonl")
        win.measure(sentences, pieces)
        labels = scoring.predict(model, sentences, pieces, args.window)
        views = {"PER ORG LOC": scoring.score(sentences, labels, NAMES)["overall"]}
        every = scoring.score(sentences, labels, SETS[name])
        if args.out:
            (args.out / f"{name}.json").write_text(json.dumps(every, indent=1) + "\n")
        if len(SETS[name]) > len(NAMES):
            views["all four"] = every["overall"]
        for view, r in (views | every["labels"]).items():
            rates = f"P {100 * r['precision']:.2f}  R {100 * r['recall']:.2f}  F1 {100 * r['f1']:.2f}"
            print(f"{name:<18} {view:<12} {rates}  gold {r['gold']}", flush=True)


if __name__ == "__main__":
    main()
