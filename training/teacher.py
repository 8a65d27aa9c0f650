"""A teacher: MPNet of 12 layers, which reads no capitals, told the case of each subword.

all-mpnet-base-v2 (Apache-2.0) is the encoder; Kaitao Song and others, "MPNet", 2020.
"""

import windows as win

SHAPES = 6
SHIFT = 1 << 16  # a subword's id and SHIFT times its shape travel as one number


def shape_of(surface):
    """How a subword is written: without letters 0, in small letters 1, in capitals 2 (one alone 3),
    with a first capital 4, mixed 5."""
    upper = [c.isupper() for c in surface if c.isalpha()]
    if not upper:
        return 0
    if not any(upper):
        return 1
    if all(upper):
        return 2 if len(upper) > 1 else 3
    return 4 if upper[0] and not any(upper[1:]) else 5


class Pieces(win.Pieces):
    SPECIAL = ("<s>", "</s>", "[UNK]", "<pad>")

    def cut(self, word):
        found = self.tokenizer.encode(word, add_special_tokens=False)
        return [i + SHIFT * shape_of(word[start:end]) for i, (start, end) in zip(found.ids, found.offsets)]
