"""Sentences -> augmented, packed windows -> padded batches."""

import json

import torch
from tokenizers import Tokenizer

import recipe

IGNORED = -100
LONGEST = 508  # subwords of one sentence; [CLS] and [SEP] still fit 512 positions


def load(path):
    return [json.loads(line) for line in path.read_text(encoding="utf8").splitlines()]


class Pieces:
    """Subword ids of a word, remembered: words repeat."""

    SPECIAL = ("[CLS]", "[SEP]", "[UNK]", "[PAD]")

    def __init__(self, tokenizer_file):
        self.tokenizer = Tokenizer.from_file(str(tokenizer_file))
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()
        self.cls, self.sep, self.unknown, self.pad = map(self.tokenizer.token_to_id, self.SPECIAL)
        self.known = {}

    def cut(self, word):
        return self.tokenizer.encode(word, add_special_tokens=False).ids

    def __call__(self, word):
        ids = self.known.get(word)
        if ids is None:
            ids = self.known[word] = self.cut(word) or [self.unknown]
        return ids


def set_case(words, how):
    """The words in another case; "lowered" is what the tagger makes of a sentence in capitals."""
    if how == "upper":
        return [w.upper() for w in words]
    if how == "lower":
        return [w.lower() for w in words]
    if how == "lowered":
        words = [w.lower() for w in words]
    after = ["", *words[:-1]]
    return [w if a in ("'", "\u2019") else w[:1].upper() + w[1:] for a, w in zip(after, words)]


def curl_quotes(words):
    """Straight quotes become typographic ones, opening and closing in turn."""
    opening, out = True, []
    for word in words:
        if word == '"':
            out.append("\u201c" if opening else "\u201d")
            opening = not opening
        else:
            out.append("\u2019" if word == "'" else word)
    return out


def augment(sentence, window_case, case, rng):
    """The sentence with, perhaps, another case, other quotes or no full stop; its labels stay."""
    words, labels = sentence["words"], sentence["labels"]
    how = window_case
    if how is None and rng.random() < case["sentence"]:
        how = rng.choice(case["kinds"])
    if how:
        words = set_case(words, how)
    if rng.random() < recipe.CURLY_QUOTES:
        words = curl_quotes(words)
    if len(words) > 3 and words[-1] == "." and labels[-1] == "O" and rng.random() < recipe.DROP_FULL_STOP:
        words, labels = words[:-1], labels[:-1]
    return words, labels


def encode(words, labels, pieces):
    """Subword ids with a label id on each word's first subword, and where each word starts."""
    ids, targets, starts = [], [], []
    for word, label in zip(words, labels):
        starts.append(len(ids))
        subwords = pieces(word)
        ids += subwords
        target = IGNORED if label == "?" else recipe.LABELS.index(label)
        targets += [target] + [IGNORED] * (len(subwords) - 1)
    return ids[:LONGEST], targets[:LONGEST], starts


def pack(sentences, limit_of):
    """Groups consecutive sentences of one document up to `limit_of()` subwords a group."""
    group, size, limit = [], 0, limit_of()
    for sentence in sentences:
        length = sentence["length"]
        if group and (sentence["opens"] or size + length > limit):
            yield group
            group, size, limit = [], 0, limit_of()
        group.append(sentence)
        size += length
    if group:
        yield group


def measure(sentences, pieces):
    for sentence in sentences:
        sentence["length"] = min(LONGEST, sum(len(pieces(w)) for w in sentence["words"]))


def training_window(group, case, pieces, rng):
    window_case = rng.choice(case["kinds"]) if rng.random() < case["window"] else None
    ids, targets = [], []
    for sentence in group:
        i, t, _ = encode(*augment(sentence, window_case, case, rng), pieces)
        ids += i
        targets += t
    ids, targets = ids[:LONGEST], targets[:LONGEST]
    return {
        "ids": [pieces.cls, *ids, pieces.sep],
        "targets": [IGNORED, *targets, IGNORED],
        "misc": group[0]["misc"],
        "topics": group[0].get("topics", []),
    }


def training_pass(sets, shares, case, pieces, rng):
    """One pass over the sets by their shares, packed and augmented anew."""

    def limit():
        return 1 if rng.random() < recipe.SINGLE_SENTENCE_WINDOWS else rng.randint(recipe.WINDOW // 5, recipe.WINDOW)

    windows = []
    for name, share in shares.items():
        while share > 0:
            groups = list(pack(sets[name], limit))
            if share < 1:
                groups = rng.sample(groups, round(share * len(groups)))
            windows += [training_window(g, case, pieces, rng) for g in groups]
            share -= 1
    rng.shuffle(windows)
    return windows


def batches(windows, budget, pool=600):
    """Index lists of at most `budget` padded subwords; windows of like length together."""
    for begin in range(0, len(windows), pool):
        order = sorted(range(begin, min(begin + pool, len(windows))), key=lambda i: len(windows[i]["ids"]))
        batch = []
        for i in order:
            if batch and len(windows[i]["ids"]) * (len(batch) + 1) > budget:
                yield batch
                batch = []
            batch.append(i)
        if batch:
            yield batch


def collate(windows, pad):
    """Padded tensors [batch, length]: ids, attention mask, targets; whether MISC is annotated
    [batch, 1]; the document's topics [batch, topics], all zero where they are not known."""
    length = max(len(w["ids"]) for w in windows)
    ids = torch.full((len(windows), length), pad)
    mask = torch.zeros((len(windows), length), dtype=torch.long)
    targets = torch.full((len(windows), length), IGNORED)
    topics = torch.zeros((len(windows), recipe.TOPICS))
    for row, window in enumerate(windows):
        n = len(window["ids"])
        ids[row, :n] = torch.tensor(window["ids"])
        mask[row, :n] = 1
        targets[row, :n] = torch.tensor(window["targets"])
        topics[row, window["topics"]] = 1
    return ids, mask, targets, torch.tensor([[w["misc"]] for w in windows]), topics
