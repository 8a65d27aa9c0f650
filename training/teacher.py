"""A teacher: MPNet of 12 layers, which reads no capitals, told the case of each subword.

all-mpnet-base-v2 (Apache-2.0) is the encoder; Kaitao Song and others, "MPNet", 2020.
"""

import torch
from transformers import MPNetConfig, MPNetModel

import recipe
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


class Teacher(torch.nn.Module):
    def __init__(self, base):
        super().__init__()
        config = MPNetConfig.from_pretrained(base, attention_probs_dropout_prob=0.0, hidden_dropout_prob=recipe.DROPOUT)
        self.encoder = MPNetModel.from_pretrained(base, config=config, add_pooling_layer=False, attn_implementation="eager", dtype=torch.float32)
        self.shape = torch.nn.Embedding(SHAPES, config.hidden_size)
        torch.nn.init.normal_(self.shape.weight, std=0.02)
        self.dropout = torch.nn.Dropout(recipe.DROPOUT)
        self.classifier = torch.nn.Linear(config.hidden_size, len(recipe.LABELS))
        torch.nn.init.normal_(self.classifier.weight, std=0.02)
        torch.nn.init.zeros_(self.classifier.bias)
        self.encoder.embeddings.word_embeddings.weight.requires_grad = False

    def forward(self, packed, mask, words=None):
        """Logits of labels [batch, length, labels], and None: it scores no topics."""
        embedded = self.encoder.embeddings.word_embeddings(packed % SHIFT) + self.shape(packed // SHIFT)
        positions = (torch.arange(packed.shape[1])[None] + 2).expand_as(packed)
        states = self.encoder(inputs_embeds=embedded, attention_mask=mask, position_ids=positions).last_hidden_state
        return self.classifier(self.dropout(states)), None
