"""Scores other taggers on the sets of the model card by `newshound eval`, and times them beside newshound."""

import argparse
import datetime
import json
import resource
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from compare import processor
from taggers import on_words, taggers
from tokenizers.pre_tokenizers import BertPreTokenizer

NEWSHOUND = Path("target/release/newshound")
MODELS = ("newshound-base", "newshound-small")
COLUMNS = {
    "uner_en_ewt_dev": "uner_en_ewt/dev",
    "uner_en_ewt_test": "uner_en_ewt/test",
    "wikigold": "wikigold/all",
    "conll2003_en_test": "conll2003_en/test",
    "btc_g": "btc/g",
}
ARTICLES = "wikinews_dev"
KINDS = {kind: kind for kind in ("PER", "ORG", "LOC")} | {"GPE": "LOC", "FAC": "LOC"}
SPLITTER = BertPreTokenizer()


@dataclass
class Document:
    """Words and gold labels by sentence; for raw text also the text and the ranges of the words in it."""

    sentences: list
    gold: list
    text: str = ""
    ranges: tuple = ()

    def by_sentence(self, labels):
        rest = iter(labels)
        return [[next(rest) for _ in sentence] for sentence in self.sentences]


def from_columns(path):
    """Documents of a `token TAB label` file; a single one where none is marked."""
    documents, rows = [Document([], [])], []
    for line in [*path.read_text(encoding="utf8").split("\n"), ""]:
        word, _, label = line.rpartition("\t")
        if word.startswith("-DOCSTART-"):
            documents.append(Document([], []))
        elif word:
            rows.append((word, label))
        elif rows:
            documents[-1].sentences.append([word for word, _ in rows])
            documents[-1].gold.append([label for _, label in rows])
            rows = []
    return [document for document in documents if document.sentences]


def from_articles(path):
    """Articles with gold spans, in words as BERT cuts them."""
    for article in map(json.loads, path.read_text(encoding="utf8").splitlines()):
        text, sentences, ranges = article["text"], [], []
        for start, end in article["sentences"]:
            words = SPLITTER.pre_tokenize_str(text[start:end])
            sentences.append([word for word, _ in words])
            ranges += [(a + start, b + start) for _, (a, b) in words]
        spans = [(e["start"], e["end"], KINDS.get(e["label"])) for e in article["entities"]]
        document = Document(sentences, [], text, tuple(ranges))
        document.gold = document.by_sentence(on_words(ranges, spans))
        yield document


def score(documents, labels):
    """F1 of each kind and of all, by `newshound eval`."""
    lines = []
    for document, found in zip(documents, labels, strict=True):
        lines.append("-DOCSTART- O O\n")
        for columns in zip(document.sentences, document.gold, found, strict=True):
            lines += ["\t".join(row) for row in zip(*columns, strict=True)] + [""]
    command = [NEWSHOUND, "eval", "--scored", "--labels", "PER,ORG,LOC", "--format", "json", "-"]
    out = subprocess.run(command, input="\n".join(lines), text=True, check=True, stdout=subprocess.PIPE).stdout
    scores = json.loads(out)
    return {kind: round(r["f1"], 4) for kind, r in (scores["labels"] | {"overall": scores["overall"]}).items()}


def newshound(model, articles):
    """Processor seconds of the whole tool, with topics, names and start-up."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [NEWSHOUND, "tag", "--model", model, "--threads", "1", "--format", "jsonl", articles]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def peer(tagger, documents):
    """Processor seconds of tagging alone."""
    start = time.process_time()
    for document in documents:
        tagger.labels(document)
    return time.process_time() - start


def rates(peers, path, documents, rounds):
    """Words a second on one thread of each tagger: medians of rounds in which they take turns."""
    words = sum(len(document.text.split()) for document in documents)
    seconds = {name: [] for name in (*MODELS, *peers)}
    for _ in range(rounds):
        for model in MODELS:
            seconds[model].append(newshound(model, path))
        for name, tagger in peers.items():
            seconds[name].append(peer(tagger, documents))
    return {name: round(words / statistics.median(found)) for name, found in seconds.items()}


def model_size(model):
    """Bytes of a model's files; of its weights only the bytes that are read."""
    listed = subprocess.run([NEWSHOUND, "models", "--format", "json"], check=True, capture_output=True)
    about = next(about for about in json.loads(listed.stdout) if about["name"] == model)
    files = (Path("models") / model).iterdir()
    others = (path for path in files if not path.name.startswith(("model", "change")))
    return about["bytes"] + sum(path.stat().st_size for path in others)


def binary_size():
    """Bytes of the program without debug information."""
    with tempfile.TemporaryDirectory() as folder:
        stripped = Path(folder) / "newshound"
        subprocess.run(["strip", "-o", stripped, NEWSHOUND], check=True)
        return stripped.stat().st_size


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--packages", type=Path, required=True, help="folder of the peers' packages")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    articles = args.data / "ner/wikinews/dev.jsonl"
    sets = {ARTICLES: list(from_articles(articles))}
    sets |= {name: from_columns(args.data / "ner" / f"{file}.iob2") for name, file in COLUMNS.items()}
    peers = taggers(args.packages)
    found = {name: {} for name in peers}
    for name, tagger in peers.items():
        for stem, documents in sets.items():
            found[name][stem] = score(documents, [tagger.labels(d) for d in documents])
            print(f"{name}, {stem}: {found[name][stem]}", flush=True)
    speed = rates(peers, articles, sets[ARTICLES], args.rounds)
    binary = binary_size()
    sizes = {model: (model_size(model), binary) for model in MODELS} | {name: tagger.bytes() for name, tagger in peers.items()}
    print(speed, sizes)
    report = {
        "date": datetime.date.today().isoformat(),
        "processor": processor(),
        "rounds": args.rounds,
        "scores": found,
        "words_per_second": speed,
        "megabytes": {name: [round(n / 1e6, 1) for n in pair] for name, pair in sizes.items()},
    }
    args.out.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
