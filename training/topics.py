"""Fits the head that scores a document's topics, MODEL/topics.safetensors, or with --early-exit
MODEL/exits.topics.safetensors, for the states that words have where they stop (exits.py).

The encoder stays as it is shipped: examples/word_states.rs has it read all documents once. A few attentions
and a linear layer are fitted on the words' states, as src/topic computes them. Where WORK/sets has
topic_pieces.jsonl (topic_pieces.py), they are fitted to its probabilities as well.

The scale of the scores and the threshold are measured on articles that the encoder was not tuned on. These
are the held-out ones of the texts that were read, each half scored by a head that was fitted without it, and
news_leads dev. The head that is written is fitted on all but news_leads dev. For an honest figure each half
of these articles is also scored with the scale and threshold of the other half.
"""

import argparse
import csv
import hashlib
import json
import random
import subprocess
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional

import build_sets
import recipe
import rowint8

FORMAT = "newshound-topics"
SEED = 20261125
LEAD = 50  # words; as in src/topic/attention.rs

HEADLINES = 120  # of each class
QUERIES = 2  # attentions beside the plain mean
DROPOUT = 0.3
EPOCHS = 6
BATCH = 64
RATE = 1e-3
DECAY = 0.01
# Weight of a document by what is known of it: all topics; all, but the encoder was tuned on them too; one
# topic; or a probability for each.
WEIGHTS = {"all": 1.0, "tuned": 0.5, "one": 0.4, "chances": 1.0}
ABSENT = 0.4  # weight of the absence of other topics where one is known
SHORTENED = 0.3  # of the documents, differently in each epoch

ARTS, CRIME, DISASTER, ECONOMY, EDUCATION, ENVIRONMENT, HEALTH, HUMAN, LABOUR = range(9)
LIFESTYLE, POLITICS, RELIGION, SCIENCE, SOCIETY, SPORT, CONFLICT, WEATHER = range(9, 17)

# Classes of other sets by the topic nearly all of their texts have. Classes that mix topics (world
# news, comedy, families, communities, geography) are left out.
HUFFPOST = {
    "ARTS": ARTS,
    "ARTS & CULTURE": ARTS,
    "CULTURE & ARTS": ARTS,
    "ENTERTAINMENT": ARTS,
    "MEDIA": ARTS,
    "CRIME": CRIME,
    "BUSINESS": ECONOMY,
    "MONEY": ECONOMY,
    "COLLEGE": EDUCATION,
    "EDUCATION": EDUCATION,
    "ENVIRONMENT": ENVIRONMENT,
    "GREEN": ENVIRONMENT,
    "HEALTHY LIVING": HEALTH,
    "WELLNESS": HEALTH,
    "GOOD NEWS": HUMAN,
    "WEIRD NEWS": HUMAN,
    "FOOD & DRINK": LIFESTYLE,
    "HOME & LIVING": LIFESTYLE,
    "STYLE & BEAUTY": LIFESTYLE,
    "TASTE": LIFESTYLE,
    "TRAVEL": LIFESTYLE,
    "POLITICS": POLITICS,
    "RELIGION": RELIGION,
    "SCIENCE": SCIENCE,
    "TECH": SCIENCE,
    "SPORTS": SPORT,
}
SIB200 = {
    "entertainment": ARTS,
    "health": HEALTH,
    "travel": LIFESTYLE,
    "politics": POLITICS,
    "science/technology": SCIENCE,
    "sports": SPORT,
}


def articles(path, number):
    """Articles whose topics were read: (id, text, topics), the main topic first."""
    for line in path.read_text(encoding="utf8").splitlines():
        row = json.loads(line)
        yield row["id"], row["text"], [number[topic] for topic in row["topics"]]


def headlines(path):
    """A few headlines of each class of HUFFPOST."""
    rows = [line.split("\t") for line in path.read_text(encoding="utf8").splitlines()]
    rng = random.Random(SEED)
    for name, topic in HUFFPOST.items():
        for text in rng.sample([text for label, text in rows if label == name], HEADLINES):
            yield text, topic


def sentences_of(path):
    """Sentences of the classes of SIB200."""
    with open(path, encoding="utf8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            if row["category"] in SIB200:
                yield row["text"], SIB200[row["category"]]


def vocabulary(path):
    """Names and definitions of the narrower IPTC Media Topics, each with its top-level topic."""
    rows = [line.split("\t") for line in path.read_text(encoding="utf8").splitlines()]
    parent = {code: above for code, above, *_ in rows}
    tops = sorted(code for code, above in parent.items() if not above)
    for code, above, _, name, definition, *rest in rows:
        if above and not rest[-1]:
            while parent[code]:
                code = parent[code]
            yield f"{name[:1].upper()}{name[1:]}. {definition}", tops.index(code)


def topic_codes(data):
    """Codes of the top-level topics, in the order of their numbers."""
    rows = [line.split("\t") for line in (data / "iptc/mediatopics_flat.tsv").read_text(encoding="utf8").splitlines()]
    return sorted(code for code, _, level, *_ in rows if level == "1")


def documents(data, annotations):
    """Training and development documents: (what is known, windows to read, text, topics)."""
    number = {name: k for k, name in enumerate(build_sets.topic_names(data))}
    number["politics and government"] = number["politics"]
    with open(annotations / "news_leads.tsv", encoding="utf8", newline="") as file:
        read = dict.fromkeys(row["row"] for row in csv.DictReader(file, delimiter="\t"))
    fresh = set(list(read)[build_sets.HELD_OUT - 1 :: build_sets.HELD_OUT])
    train, dev = [], []
    for k, (name, text, topics) in enumerate(articles(data / "topics/news_leads/train.jsonl", number)):
        # The labels tell of the first 75 words: what follows teaches how little it may count.
        train.append(("all" if name in fresh else "tuned", 1 + k % 2, text, topics))
    for _, text, topics in articles(data / "ner/wikinews/train.jsonl", number):
        train.append(("tuned", 2, text, topics))
    for text, topic in (
        *headlines(data / "topics/huffpost/all.tsv"),
        *sentences_of(data / "topics/sib200_eng/train.tsv"),
        *vocabulary(data / "iptc/mediatopics_flat.tsv"),
    ):
        train.append(("one", 1, text, [topic]))
    for _, text, topics in articles(data / "topics/news_leads/dev.jsonl", number):
        dev.append(("all", None, text, topics))
    return train, dev


def pieces(path):
    """Pieces of text with a probability for each topic."""
    lines = path.read_text(encoding="utf8").split("\n")[:-1] if path.exists() else []
    for row in map(json.loads, lines):
        yield "chances", 2, row["text"], row["topics"]


def read(documents, model, work, early_exit=False):
    """The documents that have words, with their place in the list, the states [words, size] of their
    words and the length of sentence one."""
    rows = "".join(json.dumps({"text": text, "windows": windows}) + "\n" for _, windows, text, _ in documents)
    files = [*rowint8.files(model), *([model / rowint8.EXITS] if early_exit else [])]
    weights = b"".join(path.read_bytes() for path in files)
    digest = hashlib.sha256(weights + rows.encode()).hexdigest()
    path = work / "topics" / f"{digest[:16]}.safetensors"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        cargo = ["cargo", "run", "--release", "--quiet", "--no-default-features", "--example", "word_states", "--"]
        part = path.with_suffix(".part")
        early = ["--early-exit"] if early_exit else []
        subprocess.run([*cargo, model, part, *early], input=rows, text=True, check=True)
        part.rename(path)
    found = load_file(path)
    states = found["states"].split(found["words"].tolist())
    together = enumerate(zip(documents, states, found["lead"].tolist()))
    return [{"at": at, "known": d[0], "topics": d[3], "states": s, "lead": lead} for at, (d, s, lead) in together if len(s)]


class Head(torch.nn.Module):
    """Weighted means over the words' states, one of them the plain mean, and a linear layer."""

    def __init__(self, size):
        super().__init__()
        self.queries = torch.nn.Parameter(torch.randn(QUERIES, size) * 0.02)
        self.decline = torch.nn.Parameter(torch.full([QUERIES], 0.1))
        self.dropout = torch.nn.Dropout(DROPOUT)
        self.output = torch.nn.Linear((QUERIES + 1) * size, recipe.TOPICS)

    def attention(self):
        """Queries and declines with those of the plain mean behind them."""
        mean = self.queries.new_zeros(1, self.queries.shape[1])
        return torch.cat([self.queries, mean]), torch.cat([self.decline, mean[0, :1]])

    def forward(self, states, words):
        """Logits [batch, topics] for states [batch, length, size] of which `words` are there."""
        queries, decline = self.attention()
        position = torch.log1p(torch.arange(states.shape[1]) / LEAD)
        weights = states @ queries.T - position[:, None] * decline
        weights = weights.masked_fill(~words[..., None], float("-inf")).softmax(1)
        return self.output(self.dropout((weights.transpose(1, 2) @ states).flatten(1)))


def shorten(document, rng):
    """The states of a document, of its first sentence, or of its first few words."""
    states, chance = document["states"], rng.random()
    if chance < 0.4 * SHORTENED:
        return states[: max(document["lead"], 8)]
    if chance < SHORTENED:
        return states[: rng.randint(min(20, len(states)), len(states))]
    return states


def collate(states):
    """Padded states [batch, length, size] and which of them are words."""
    padded = torch.nn.utils.rnn.pad_sequence([s.float() for s in states], batch_first=True)
    lengths = torch.tensor([len(s) for s in states])
    return padded, torch.arange(padded.shape[1]) < lengths[:, None]


def targets(documents):
    """One for each topic of each document, or its chance [documents, topics]."""
    table = torch.zeros(len(documents), recipe.TOPICS)
    for row, document in zip(table, documents):
        if document["known"] == "chances":
            row[:] = torch.tensor(document["topics"])
        else:
            row[document["topics"]] = 1
    return table


def loss_of(logits, documents):
    """Binary cross-entropy summed over the topics, mean over the documents by their weights."""
    wanted = targets(documents)
    one = torch.tensor([[document["known"] == "one"] for document in documents])
    losses = functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
    losses = (losses * torch.where(one & (wanted == 0), ABSENT, 1.0)).sum(1)
    weights = torch.tensor([WEIGHTS[document["known"]] for document in documents])
    return (losses * weights).sum() / weights.sum()


def batches(documents, rng, pool=20 * BATCH):
    """Lists of documents, those of like length together, in random order."""
    order = rng.sample(documents, len(documents))
    groups = [sorted(order[k : k + pool], key=lambda d: len(d["states"])) for k in range(0, len(order), pool)]
    found = [group[k : k + BATCH] for group in groups for k in range(0, len(group), BATCH)]
    return rng.sample(found, len(found))


def fit(documents):
    torch.manual_seed(SEED)
    rng = random.Random(SEED)
    head = Head(documents[0]["states"].shape[1])
    optimizer = torch.optim.AdamW(head.parameters(), lr=RATE, weight_decay=DECAY)
    epochs = [batches(documents, rng) for _ in range(EPOCHS)]
    steps = sum(map(len, epochs))
    falling = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / steps)
    for epoch in epochs:
        for batch in epoch:
            loss = loss_of(head(*collate([shorten(d, rng) for d in batch])), batch)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            falling.step()
    return head.eval()


def logits_of(head, documents):
    with torch.no_grad():
        parts = [head(*collate([d["states"] for d in documents[k : k + BATCH]])) for k in range(0, len(documents), BATCH)]
    return torch.cat(parts)


def calibrate(logits, wanted):
    """The factor that makes the probabilities of the logits likeliest. One for all topics: a bias
    for each, too, names fewer main topics rightly."""
    factors = np.arange(0.5, 1.51, 0.01)
    return float(min(factors, key=lambda f: functional.binary_cross_entropy_with_logits(f * logits, wanted)))


def chosen(scores, threshold):
    """What is given out: topics from the threshold on, and the best one in any case."""
    best = functional.one_hot(scores.argmax(1), scores.shape[1]).bool()
    return (scores >= threshold) | best


def f1(given, wanted):
    """Micro F1, and F1 of each topic that occurs."""
    both, all_of = (given * wanted).sum(0), given.sum(0) + wanted.sum(0)
    return float(2 * both.sum() / all_of.sum()), (2 * both / all_of)[wanted.sum(0) > 0]


def sureness(logits, wanted):
    """The factor for logits, and the score from which on a topic is given out."""
    scale = calibrate(logits, wanted)
    scores = torch.sigmoid(scale * logits)
    return scale, max(np.arange(0.2, 0.61, 0.02), key=lambda t: f1(chosen(scores, t).float(), wanted)[0])


def report(scores, documents, threshold):
    wanted, sure = targets(documents), scores >= 0.9
    main = torch.tensor([d["topics"][0] for d in documents])
    micro, each = f1(chosen(scores, threshold).float(), wanted)
    print(f"main topic {float((scores.argmax(1) == main).float().mean()):.4f}")
    print(f"micro F1 {micro:.4f}, macro F1 {float(each.mean()):.4f}: {[round(float(v), 2) for v in each]}")
    print(f"precision from 0.9 on {float(wanted[sure].mean()):.4f} of {int(sure.sum())}")


def save(head, scale, threshold, codes, path):
    """Writes the head with the calibration multiplied in."""
    queries, decline = head.attention()
    tensors = {
        "attention.weight": queries,
        "attention.decline": decline,
        "output.weight": head.output.weight * scale,
        "output.bias": head.output.bias * scale,
    }
    metadata = {"format": FORMAT, "topics": json.dumps(codes), "threshold": f"{threshold:.2f}"}
    save_file({name: t.detach().contiguous() for name, t in tensors.items()}, path, metadata=metadata)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--annotations", type=Path, required=True, help="folder of stand-off names")
    parser.add_argument("--work", type=Path, required=True, help="keeps the words' states in topics/")
    parser.add_argument("--model", type=Path, required=True, help="folder of the model, as it is shipped")
    parser.add_argument("--early-exit", action="store_true", help="for words that stop early")
    args = parser.parse_args()
    torch.set_num_threads(1)
    train, dev = documents(args.data, args.annotations)
    train += pieces(args.work / "sets/topic_pieces.jsonl")
    train, dev = (read(part, args.model, args.work, args.early_exit) for part in (train, dev))
    fresh = [d for d in train if d["known"] == "all"]
    held, logits = [], []
    for half in (fresh[::2], fresh[1::2]):
        kept = {id(d) for d in half}
        held += half
        logits.append(logits_of(fit([d for d in train if id(d) not in kept]), half))
    head = fit(train)
    logits = torch.cat([*logits, logits_of(head, dev)])
    known = held + dev
    wanted = targets(known)
    scale, threshold = sureness(logits, wanted)
    scores = torch.sigmoid(scale * logits)
    print(f"scale {scale:.2f}, threshold {threshold:.2f}; {len(held)} articles held back:")
    report(scores[: len(held)], held, threshold)
    print("news_leads dev:")
    report(scores[len(held) :], dev, threshold)
    for one, other in ((0, 1), (1, 0)):
        scale_there, threshold_there = sureness(logits[other::2], wanted[other::2])
        print(f"half {one} with scale {scale_there:.2f}, threshold {threshold_there:.2f}:")
        report(torch.sigmoid(scale_there * logits[one::2]), known[one::2], threshold_there)
    path = args.model / ("exits.topics.safetensors" if args.early_exit else "topics.safetensors")
    save(head, scale, threshold, topic_codes(args.data), path)
    print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
