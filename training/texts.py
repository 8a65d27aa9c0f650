"""Sets of sentences as arrays, and passes over them: augmented, packed windows in batches.

A word is a number into a list of forms; each form knows how it is written in another case and its
subwords under each tokenizer. A pass is a few operations on whole arrays, so that a GPU does not wait.
"""

import json
import random
from dataclasses import dataclass

import numpy as np

import recipe
import windows as win

CASES = ("as it is", "upper", "lower", "title", "lowered")
NOT_READ = -1  # the label of a word whose label is not known
LONGEST = 508  # subwords of a window, without its two ends
LONGEST_WORD = 60  # subwords that are looked at


@dataclass
class Subwords:
    """The subwords of all forms under one tokenizer: those of form i are `ids[starts[i]:starts[i + 1]]`."""

    ids: np.ndarray
    starts: np.ndarray
    cls: int
    sep: int
    pad: int

    @property
    def counts(self):
        return np.diff(self.starts)


class Texts:
    """The sentences of several sets, one after the other.

    `cased` [cases, forms] is each form in each case; `words` [words] are forms; `labels` [words] are
    label ids or NOT_READ; `starts` [sentences + 1] are the places of sentences in `words`; `opens`,
    `misc` [sentences] and `topics` [sentences, topics] are as in the sets; `ranges` gives each set's
    sentences.
    """

    ARRAYS = ("cased", "words", "labels", "starts", "opens", "misc", "topics")

    def __init__(self, arrays, ranges, subwords, marks):
        for name in self.ARRAYS:
            setattr(self, name, arrays[name])
        self.ranges, self.subwords, self.marks = ranges, subwords, marks

    @classmethod
    def build(cls, sets, tokenizers):
        """Texts of `sets` {name: rows} for `tokenizers` {name: Pieces}."""
        forms, arrays, ranges = {}, {name: [] for name in cls.ARRAYS}, {}
        words, labels, starts, opens, misc, topics = [], [], [0], [], [], []
        for name, rows in sets.items():
            ranges[name] = (len(opens), len(opens) + len(rows))
            for row in rows:
                words += [forms.setdefault(word, len(forms)) for word in row["words"]]
                labels += [NOT_READ if label == "?" else recipe.LABELS.index(label) for label in row["labels"]]
                starts.append(len(words))
                opens.append(row["opens"])
                misc.append(row["misc"])
                topics.append([k in row.get("topics", ()) for k in range(recipe.TOPICS)])
        plain = list(forms)
        cased = [list(range(len(plain)))]
        for case in CASES[1:]:
            cased.append([forms.setdefault(win.set_case([word], case)[0], len(forms)) for word in plain])
        arrays = {
            "cased": np.array(cased, np.int32),
            "words": np.array(words, np.int32),
            "labels": np.array(labels, np.int8),
            "starts": np.array(starts, np.int64),
            "opens": np.array(opens),
            "misc": np.array(misc),
            "topics": np.array(topics),
        }
        marks = {mark: forms.setdefault(mark, len(forms)) for mark in "\"'.\u201c\u201d\u2019"}
        subwords = {}
        for name, pieces in tokenizers.items():
            cut = [pieces(form)[:LONGEST_WORD] for form in forms]
            lengths = np.cumsum([0, *map(len, cut)])
            subwords[name] = Subwords(np.concatenate(cut).astype(np.int32), lengths, pieces.cls, pieces.sep, pieces.pad)
        return cls(arrays, ranges, subwords, marks)

    def save(self, path):
        about = {"ranges": self.ranges, "marks": self.marks, "ends": {}}
        arrays = {name: getattr(self, name) for name in self.ARRAYS}
        for name, cut in self.subwords.items():
            about["ends"][name] = [cut.cls, cut.sep, cut.pad]
            arrays |= {f"{name} ids": cut.ids, f"{name} starts": cut.starts}
        np.savez(path, about=json.dumps(about), **arrays)

    @classmethod
    def load(cls, path):
        with np.load(path) as file:
            arrays = dict(file)
        about = json.loads(str(arrays["about"]))
        subwords = {name: Subwords(arrays[f"{name} ids"], arrays[f"{name} starts"], *ends) for name, ends in about["ends"].items()}
        return cls(arrays, about["ranges"], subwords, about["marks"])

    def lengths(self, tokenizer):
        """Subwords of each sentence in each case [cases, sentences]."""
        counts = self.subwords[tokenizer].counts[self.cased]
        sums = np.concatenate([np.zeros((len(CASES), 1), np.int64), np.cumsum(counts[:, self.words], 1)], 1)
        return np.diff(sums[:, self.starts])

    def documents(self):
        """The number of each sentence's document; one set's documents are not another's."""
        opens = self.opens.copy()
        for first, last in self.ranges.values():
            if first < last:
                opens[first] = True
        return np.cumsum(opens)


@dataclass
class Pass:
    """Windows in batches. Batch b has the windows `batches[b]:batches[b + 1]`; window w the subwords
    `ids[starts[w]:starts[w + 1]]` and the words `firsts[w]:firsts[w + 1]`, of which `words` are their
    places in the texts and `places` those of their first subwords in the window. `sentences` gives
    each window's first sentence."""

    ids: np.ndarray
    starts: np.ndarray
    words: np.ndarray
    places: np.ndarray
    firsts: np.ndarray
    sentences: np.ndarray
    batches: np.ndarray


def groups_of(sentences, lengths, opens, limit_of):
    """Runs of consecutive `sentences` of one document, up to `limit_of()` subwords a run."""
    group, size, limit, before = [], 0, limit_of(), -1
    for sentence, length, opening in zip(sentences, lengths, opens):
        if group and (opening or sentence != before + 1 or size + length > limit):
            yield group
            group, size, limit = [], 0, limit_of()
        group.append(sentence)
        size += length
        before = sentence
    if group:
        yield group


def batches_of(lengths, budget, pool, shuffle):
    """Window numbers in order, and where batches of at most `budget` padded subwords end among them."""
    order, ends = [], [0]
    found = []
    for begin in range(0, len(lengths), pool):
        batch, longest = [], 0
        for k in sorted(range(begin, min(begin + pool, len(lengths))), key=lengths.__getitem__):
            if batch and lengths[k] * (len(batch) + 1) > budget:
                found.append(batch)
                batch = []
            batch.append(k)
        if batch:
            found.append(batch)
    shuffle(found)
    for batch in found:
        order += batch
        ends.append(len(order))
    return np.array(order), np.array(ends)


def ragged(starts, counts):
    """The places `starts[i] + 0 .. counts[i]` of all i, one after the other."""
    ends = np.cumsum(counts)
    return np.arange(ends[-1]) + np.repeat(starts - ends + counts, counts)


def lay_out(texts, tokenizer, groups, case, odd, ends):
    """A pass of `groups` of sentences in this order, with each sentence's case and whether its quotes
    turn typographic and its full stop goes."""
    cut = texts.subwords[tokenizer]
    sentences = np.array([s for group in groups for s in group])
    of_window = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    counts = texts.starts[sentences + 1] - texts.starts[sentences]
    places = ragged(texts.starts[sentences], counts)
    sentence = np.repeat(np.arange(len(sentences)), counts)
    word, how = texts.words[places], np.repeat(case[sentences], counts)
    mark = texts.marks
    # Behind an apostrophe no capital begins.
    behind = np.concatenate([[False], np.isin(word[:-1], [mark["'"], mark["\u2019"]]) & (sentence[1:] == sentence[:-1])])
    how = np.where(behind & (how == CASES.index("title")), 0, how)
    how = np.where(behind & (how == CASES.index("lowered")), CASES.index("lower"), how)
    form = texts.cased[how, word]
    curl, stop = (np.repeat(flags[sentences], counts) for flags in odd)
    quote = word == mark['"']
    nth = np.cumsum(quote)
    form = np.where(curl & quote, np.where(nth % 2 == 1, mark["\u201c"], mark["\u201d"]), form)
    form = np.where(curl & (word == mark["'"]), mark["\u2019"], form)
    last = np.concatenate([sentence[1:] != sentence[:-1], [True]])
    kept = ~(stop & last & (word == mark["."]) & (texts.labels[places] <= 0) & (np.repeat(counts, counts) > 3))
    window = of_window[sentence]
    lengths = cut.counts[form] * kept
    before = np.concatenate([[0], np.cumsum(lengths)])
    inside = before[1:] - before[np.searchsorted(window, window)]
    kept &= inside <= LONGEST
    form, places, window, lengths = form[kept], places[kept], window[kept], lengths[kept]
    offsets = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    firsts = np.searchsorted(window, np.arange(len(groups) + 1))
    sizes = np.add.reduceat(lengths, firsts[:-1]) + 2
    starts = np.concatenate([[0], np.cumsum(sizes)])
    ids = np.full(starts[-1], cut.sep, np.int32)
    ids[starts[:-1]] = cut.cls
    inner = ragged(offsets + 2 * window + 1, lengths)
    ids[inner] = cut.ids[ragged(cut.starts[form], lengths)]
    first_sentences = np.array([group[0] for group in groups])
    at = offsets + 2 * window + 1 - starts[window]
    return Pass(ids, starts, places.astype(np.int32), at.astype(np.int32), firsts, first_sentences, ends)


def training_pass(texts, tokenizer, lengths, shares, case, budget, seed, without=None):
    """One pass over the sets by their shares, packed and augmented anew; sentences marked in `without`
    are left out."""
    rng = random.Random(seed)
    draw = np.random.default_rng(rng.getrandbits(64))
    total = len(texts.opens)
    kinds = np.array([CASES.index(kind) for kind in case["kinds"]])
    alone = np.where(draw.random(total) < case["sentence"], draw.choice(kinds, total), 0)

    def limit():
        return 1 if rng.random() < recipe.SINGLE_SENTENCE_WINDOWS else rng.randint(recipe.WINDOW // 5, recipe.WINDOW)

    groups = []
    for name, share in shares.items():
        first, last = texts.ranges[name]
        sentences = np.arange(first, last)
        if without is not None:
            sentences = sentences[~without[first:last]]
        while share > 0:
            found = list(groups_of(sentences.tolist(), lengths[0, sentences].tolist(), texts.opens[sentences].tolist(), limit))
            if share < 1:
                found = rng.sample(found, round(share * len(found)))
            groups += found
            share -= 1
    rng.shuffle(groups)
    # A sentence that stands in two groups has the case of the one that comes last.
    cases = alone
    for group in groups:
        if rng.random() < case["window"]:
            cases[group] = rng.choice(kinds)
    sizes = [int(sum(lengths[cases[s], s] for s in group)) + 2 for group in groups]
    order, ends = batches_of(sizes, budget, 4000, rng.shuffle)
    odd = draw.random(total) < recipe.CURLY_QUOTES, draw.random(total) < recipe.DROP_FULL_STOP
    return lay_out(texts, tokenizer, [groups[k] for k in order], cases, odd, ends)


def reading_pass(texts, tokenizer, lengths, budget, names=None, window=recipe.WINDOW):
    """Every word of the named sets, or of all, once, in the case it has, in windows as long as may be."""
    groups = []
    for first, last in (texts.ranges[name] for name in names or texts.ranges):
        sentences = np.arange(first, last)
        groups += groups_of(sentences.tolist(), lengths[0, sentences].tolist(), texts.opens[sentences].tolist(), lambda: window)
    plain = np.zeros(len(texts.opens), np.int64)
    sizes = [int(lengths[0, group].sum()) + 2 for group in groups]
    order, ends = batches_of(sizes, budget, len(sizes), lambda batches: None)
    return lay_out(texts, tokenizer, [groups[k] for k in order], plain, (plain > 0, plain > 0), ends)
