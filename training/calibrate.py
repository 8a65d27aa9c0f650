"""Calibrates scores: fits them to the probability that a span is right, by maximum likelihood.

First it fits the temperature that logits are divided by (Guo and others 2017), on held-out news. Then,
on that and on texts of other kinds, it fits the slope and bias of the log-odds of a span's probability
(Platt 1999), the same for every label. They go into config.json as newshound.temperature, score_slope
and score_biases, together with the recipe's weights of labels as newshound.label_weights.
"""

import argparse
import json
from pathlib import Path

import numpy as np

import recipe
import rowint8
import scoring
import windows as win

KINDS = ("PER", "ORG", "LOC", "MISC")


def sentences_read(model, work, name, pieces):
    """(logits, gold spans, whether MISC was annotated) of every sentence of a set."""
    sentences = win.load(work / "sets" / f"{name}.jsonl")
    win.measure(sentences, pieces)
    for sentence, logits in zip(sentences, scoring.word_logits(model, sentences, pieces, recipe.WINDOW)):
        yield logits.astype(np.float64), scoring.spans(sentence["labels"]), sentence["misc"]


def spans_found(rows, temperature):
    """Probability of each span found at this temperature, and whether it is right."""
    found = []
    for logits, gold, misc in rows:
        logp = scoring.log_softmax(logits / temperature)
        spans = sorted(s for s in scoring.spans(scoring.viterbi(logp)) if misc or s[2] != "MISC")
        scores = scoring.span_probabilities(np.exp(logp), spans)
        found += [(p, span in gold) for span, p in zip(spans, scores)]
    p, right = map(np.array, zip(*found))
    return p.clip(1e-6, 1 - 1e-6), right


def surprise(p, right, weights=None):
    """Mean negative log-likelihood of right and wrong under the scores."""
    return np.average(-np.log(np.where(right, p, 1 - p)), weights=weights)


def bend(p, right, weights):
    """The slope and the bias that make the scores most likely: Newton's method."""
    features = np.column_stack([np.log(p / (1 - p)), np.ones(len(p))])
    at = np.array([1.0, 0.0])
    for _ in range(30):
        score = 1 / (1 + np.exp(-features @ at))
        slope = features.T @ (weights * (score - right))
        at -= np.linalg.solve((features.T * (weights * score * (1 - score))) @ features, slope)
    return *at, 1 / (1 + np.exp(-features @ at))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="holds sets/")
    parser.add_argument("--model", type=Path, required=True, help="folder to calibrate")
    args = parser.parse_args()
    pieces = win.Pieces(rowint8.base_of(args.model) / "tokenizer.json")
    model = scoring.load_model(args.model, rowint8.load(args.model))
    rows = {name: list(sentences_read(model, args.work, name, pieces)) for name in recipe.SET_APART}
    news = [row for name in recipe.NEWS_SET_APART for row in rows[name]]
    losses = {}
    for t in np.arange(0.8, 3.01, 0.05).round(2):
        losses[t] = surprise(*spans_found(news, t))
    best = float(min(losses, key=losses.get))
    print(f"temperature {best}: {losses[best]:.4f} instead of {losses[1.0]:.4f} at 1")
    found = {name: spans_found(some, best) for name, some in rows.items()}
    p, right = (np.concatenate(parts) for parts in zip(*found.values()))
    weights = np.repeat([recipe.SET_APART[name] for name in found], [len(right) for _, right in found.values()])
    slope, bias, bent = bend(p, right, weights)
    print(f"slope {slope:.3f}, bias {bias:.3f}: {surprise(bent, right, weights):.4f} instead of {surprise(p, right, weights):.4f}")
    path = args.model / "config.json"
    config = json.loads(path.read_text())
    config["newshound"] = config.get("newshound", {}) | {
        "temperature": best,
        "label_weights": recipe.LABEL_WEIGHTS,
        "score_slope": round(slope, 3),
        "score_biases": {kind: round(bias, 3) for kind in KINDS},
    }
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
