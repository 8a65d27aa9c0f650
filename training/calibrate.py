"""Fits the temperature that logits are divided by, so that a span's score is its chance to be right.

One number (Guo and others 2017), fitted on held-out news by the likelihood of "this span is
right" under the scores of the spans found. It goes into config.json as newshound.temperature,
and the recipe's weights of labels as newshound.label_weights.
"""

import argparse
import json
from pathlib import Path

import numpy as np

import recipe
import rowint8
import scoring
import windows as win


def sentences_read(model, work, pieces):
    """(logits, gold spans) of every sentence."""
    for name in recipe.CALIBRATION_SETS:
        sentences = win.load(work / "sets" / f"{name}.jsonl")
        win.measure(sentences, pieces)
        for sentence, logits in zip(sentences, scoring.word_logits(model, sentences, pieces, recipe.WINDOW)):
            yield logits.astype(np.float64), scoring.spans(sentence["labels"])


def surprise(rows, temperature):
    """Mean negative log-likelihood of right and wrong under the scores at this temperature."""
    total, count = 0.0, 0
    for logits, gold in rows:
        logp = scoring.log_softmax(logits / temperature)
        found = sorted(scoring.spans(scoring.viterbi(logp)))
        if not found:
            continue
        right = np.array([span in gold for span in found])
        scores = np.array(scoring.span_probabilities(np.exp(logp), found)).clip(1e-6, 1 - 1e-6)
        total -= np.log(np.where(right, scores, 1 - scores)).sum()
        count += len(found)
    return total / count


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="holds sets/")
    parser.add_argument("--model", type=Path, required=True, help="folder to calibrate")
    args = parser.parse_args()
    pieces = win.Pieces(args.model / "tokenizer.json")
    model = scoring.load_model(args.model, rowint8.load(args.model / "model.safetensors"))
    rows = list(sentences_read(model, args.work, pieces))
    losses = {t: surprise(rows, t) for t in np.arange(0.8, 3.01, 0.05).round(2)}
    best = float(min(losses, key=losses.get))
    path = args.model / "config.json"
    config = json.loads(path.read_text())
    config["newshound"] = {"temperature": best, "label_weights": recipe.LABEL_WEIGHTS}
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    print(f"temperature {best}: {losses[best]:.4f} instead of {losses[1.0]:.4f} at 1")


if __name__ == "__main__":
    main()
