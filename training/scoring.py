"""Decoding words' labels from logits, and span scores as conlleval counts them."""

import numpy as np
import torch
from transformers import DistilBertConfig, DistilBertForTokenClassification

import recipe
import windows as win

FORBIDDEN = np.float32(-1e4)
# As in src/decode/chain.rs.
SIDE_BY_SIDE = 0.05
OTHER_BESIDE = 0.25


def load_model(config_dir, state):
    """The classifier with weights {name: array}, ready to predict."""
    config = DistilBertConfig.from_pretrained(config_dir)
    model = DistilBertForTokenClassification(config)
    model.load_state_dict({name: torch.from_numpy(tensor) for name, tensor in state.items()})
    return model.eval()


def transitions():
    """What each pair of tags [from, to] is worth; the first row is also that of a sentence's start."""
    table = np.ones((len(recipe.LABELS), len(recipe.LABELS)))
    for i, before in enumerate(recipe.LABELS):
        for j, after in enumerate(recipe.LABELS):
            if after.startswith("I-") and before[2:] != after[2:]:
                table[i, j] = 0
            elif after.startswith("B-"):
                beside = SIDE_BY_SIDE if before[2:] == after[2:] else OTHER_BESIDE
                table[i, j] = recipe.LABEL_WEIGHTS.get(after[2:], 1) * (1 if before == "O" else beside)
    return table


TRANSITIONS = transitions()
BEGIN = [i for i, label in enumerate(recipe.LABELS) if label.startswith("B-")]
INSIDE = [recipe.LABELS.index("I-" + recipe.LABELS[i][2:]) for i in BEGIN]


def carry_on(p):
    """The weights of tags [words, labels]: within a sentence a name mostly goes on where a word's
    own tag says that one of its label begins."""
    weights = np.array(p, dtype=np.float64)
    weights[1:, INSIDE] += (1 - SIDE_BY_SIDE) * p[1:, BEGIN]
    return weights


def log(weights):
    return np.log(np.maximum(weights, 1e-300))


def viterbi(logp):
    """The best allowed label sequence for log-probabilities [words, labels]."""
    rows, pairs = log(carry_on(np.exp(logp))), log(TRANSITIONS)
    score = rows[0] + pairs[0]
    back = []
    for row in rows[1:]:
        paths = score[:, None] + pairs
        best = paths.argmax(0)
        back.append(best)
        score = paths.max(0) + row
    path = [int(score.argmax())]
    for best in reversed(back):
        path.append(int(best[path[-1]]))
    return [recipe.LABELS[i] for i in reversed(path)]


def word_logits(model, sentences, pieces, limit):
    """For each sentence the logits [words, labels] of its words, sentences packed up to `limit`
    subwords a window. Words that do not fit the model are sure to be O."""
    encoded = []
    for group in win.pack(sentences, lambda: limit):
        ids, places = [], []
        for sentence in group:
            i, _, starts = win.encode(sentence["words"], sentence["labels"], pieces)
            places.append((sentence, [len(ids) + 1 + s for s in starts]))
            ids += i
        ids = ids[: win.LONGEST]
        encoded.append({"ids": [pieces.cls, *ids, pieces.sep], "places": places})
    rows_of = {}
    for batch in win.batches(encoded, 2048, pool=len(encoded)):
        rows = [encoded[i] for i in batch]
        length = max(len(row["ids"]) for row in rows)
        ids = torch.tensor([row["ids"] + [pieces.pad] * (length - len(row["ids"])) for row in rows])
        mask = torch.tensor([[1] * len(row["ids"]) + [0] * (length - len(row["ids"])) for row in rows])
        with torch.no_grad():
            logits = model(input_ids=ids, attention_mask=mask).logits.numpy()
        for row, scores in zip(rows, logits):
            for sentence, starts in row["places"]:
                known = [s for s in starts if s < len(row["ids"]) - 1]
                found = np.full((len(starts), len(recipe.LABELS)), FORBIDDEN, dtype=np.float32)
                found[:, 0] = 0
                found[: len(known)] = scores[known]
                rows_of[id(sentence)] = found
    return [rows_of[id(sentence)] for sentence in sentences]


def log_softmax(logits):
    shifted = logits - logits.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


def predict(model, sentences, pieces, limit):
    """Labels of every word of every sentence."""
    return [viterbi(log_softmax(rows)) for rows in word_logits(model, sentences, pieces, limit)]


def span_probabilities(p, found):
    """The probability of exactly each of the spans (start, end, kind) among all allowed label
    sequences, for word probabilities p [words, labels]: the score that the tagger gives."""
    allowed, p = TRANSITIONS, carry_on(p)
    # Forward and backward weights, each row scaled to sum to one (Rabiner 1989).
    forward, row = [], np.eye(len(recipe.LABELS))[0]
    for word in p:
        forward.append(row)
        row = (row @ allowed) * word
        row = row / row.sum()
    backward, row = [], np.ones(len(recipe.LABELS))
    for word in reversed(p):
        backward.insert(0, row)
        row = allowed @ (word * row)
        row = row / row.sum()
    scores = []
    for start, end, kind in found:
        first, inside = recipe.LABELS.index(f"B-{kind}"), recipe.LABELS.index(f"I-{kind}")
        this, everything = forward[start] @ allowed[:, first] * p[start][first], forward[start]
        this *= np.prod(p[start + 1 : end, inside])
        for word in p[start:end]:
            everything = everything @ allowed * word
        if end < len(p):
            follows = allowed[inside] * (np.arange(len(allowed)) != inside) * p[end]
            this *= (follows * backward[end]).sum()
            everything = (everything @ allowed * p[end] * backward[end]).sum()
        scores.append(float(this / everything.sum()))
    return scores


def spans(labels):
    """(start, end, kind) of each name; an I- that continues nothing opens one."""
    found, start, kind = set(), None, None
    for i, label in enumerate([*labels, "O"]):
        if start is not None and (label[0] != "I" or label[2:] != kind):
            found.add((start, i, kind))
            start = None
        if label != "O" and start is None:
            start, kind = i, label[2:]
    return found


def rates(correct, gold, predicted):
    precision = correct / predicted if predicted else 0.0
    recall = correct / gold if gold else 0.0
    f1 = 2 * correct / (gold + predicted) if gold + predicted else 0.0
    return {"correct": correct, "gold": gold, "predicted": predicted, "precision": precision, "recall": recall, "f1": f1}


def score(sentences, predicted, kinds):
    """Counts and rates for each of `kinds` and over all of them, on the source files' own tokens."""
    counts = {kind: [0, 0, 0] for kind in kinds}
    for sentence, labels in zip(sentences, predicted):
        firsts = [bool(f) for f in sentence["firsts"]]
        gold = spans([g for g, first in zip(sentence["labels"], firsts) if first])
        found = spans([p for p, first in zip(labels, firsts) if first])
        for which, group in enumerate((gold & found, gold, found)):
            for _, _, kind in group:
                if kind in counts:
                    counts[kind][which] += 1
    overall = rates(*(sum(c[k] for c in counts.values()) for k in range(3)))
    return {"overall": overall, "labels": {kind: rates(*c) for kind, c in counts.items()}}
