"""The student, DistilBERT, and the teachers' encoder, MPNet, as a GPU runs them best.

Parameters have the names that Hugging Face gives them. Both take subword ids [windows, length]
and how many of each row count.
"""

import torch
from torch import nn
from torch.nn import functional

import recipe
import teacher

HEADS = 12


def mix(query, key, value, added):
    """What each head reads [windows, heads, length, width], with what is added to scores, or which count."""
    if query.is_cuda:
        return functional.scaled_dot_product_attention(query, key, value, attn_mask=added)
    # On a processor two products take half the time of the fused kernel.
    rows, heads, length, width = query.shape
    if added.dtype == torch.bool:
        added = torch.where(added, 0.0, -1e4)
    added = added.to(query.dtype).expand(rows, heads, -1, length).flatten(0, 1)
    scores = torch.baddbmm(added, query.flatten(0, 1), key.flatten(0, 1).transpose(1, 2), alpha=width**-0.5)
    return torch.bmm(scores.softmax(-1).to(value.dtype), value.flatten(0, 1)).view(query.shape)


def attend(states, query, key, value, out, added):
    """Multi-head attention by four linear layers, with what is added to its scores, or which count."""
    rows, length, size = states.shape
    weight = torch.cat([query.weight, key.weight, value.weight])
    bias = torch.cat([query.bias, key.bias, value.bias])
    mixed = functional.linear(states, weight, bias).view(rows, length, 3, HEADS, size // HEADS)
    q, k, v = mixed.permute(2, 0, 3, 1, 4)
    return out(mix(q, k, v, added).transpose(1, 2).reshape(rows, length, size))


class Lines(nn.Module):
    """A module that only holds others under their names."""

    def __init__(self, **parts):
        super().__init__()
        for name, part in parts.items():
            setattr(self, name, part)


def drop(states, module):
    return functional.dropout(states, module.dropout, module.training)


class DistilLayer(nn.Module):
    dropout = recipe.DROPOUT

    def __init__(self, size, wide):
        super().__init__()
        self.attention = Lines(**{name: nn.Linear(size, size) for name in ("q_lin", "k_lin", "v_lin", "out_lin")})
        self.sa_layer_norm = nn.LayerNorm(size, eps=1e-12)
        self.ffn = Lines(lin1=nn.Linear(size, wide), lin2=nn.Linear(wide, size))
        self.output_layer_norm = nn.LayerNorm(size, eps=1e-12)

    def attended(self, x, added):
        a = self.attention
        return attend(x, a.q_lin, a.k_lin, a.v_lin, a.out_lin, added)

    def forward(self, x, added):
        x = self.sa_layer_norm(x + self.attended(x, added))
        return self.output_layer_norm(x + drop(self.ffn.lin2(functional.gelu(self.ffn.lin1(x))), self))


class Distil(nn.Module):
    """DistilBERT (Sanh and others 2019) with a head for labels and one for topics."""

    dropout = recipe.DROPOUT

    def __init__(self, words=28996, size=768, wide=3072, layers=6):
        super().__init__()
        embeddings = Lines(word_embeddings=nn.Embedding(words, size), position_embeddings=nn.Embedding(512, size), LayerNorm=nn.LayerNorm(size, eps=1e-12))
        transformer = Lines(layer=nn.ModuleList(DistilLayer(size, wide) for _ in range(layers)))
        self.distilbert = Lines(embeddings=embeddings, transformer=transformer)
        self.classifier = nn.Linear(size, len(recipe.LABELS))
        self.topics = Lines(attention=nn.Linear(size, 1), output=nn.Linear(size, recipe.TOPICS))
        embeddings.word_embeddings.weight.requires_grad = False

    def states(self, ids, lengths):
        """States [windows, length, size] of ids [windows, length]."""
        place = torch.arange(ids.shape[1], device=ids.device)
        added = (place[None] < lengths[:, None])[:, None, None]
        e = self.distilbert.embeddings
        x = drop(e.LayerNorm(e.word_embeddings(ids) + e.position_embeddings(place)), self)
        for layer in self.distilbert.transformer.layer:
            x = layer(x, added)
        return x

    def labels(self, states):
        return self.classifier(drop(states, self))

    def about(self, states, rows, windows):
        """Logits of topics [windows, topics] for the states of words and the windows they stand in."""
        weight = self.topics.attention(states).squeeze(-1).float().clamp(max=30).exp()
        total = torch.zeros(windows, device=states.device).index_add(0, rows, weight)
        mixed = torch.zeros(windows, states.shape[1], device=states.device).index_add(0, rows, weight[:, None] * states.float())
        return self.topics.output(drop(mixed / total[:, None].clamp(min=1e-6), self))


class MPNetLayer(nn.Module):
    dropout = recipe.DROPOUT

    def __init__(self, size, wide):
        super().__init__()
        attn = Lines(**{name: nn.Linear(size, size) for name in "qkvo"})
        self.attention = Lines(attn=attn, LayerNorm=nn.LayerNorm(size, eps=1e-5))
        self.intermediate = Lines(dense=nn.Linear(size, wide))
        self.output = Lines(dense=nn.Linear(wide, size), LayerNorm=nn.LayerNorm(size, eps=1e-5))

    def forward(self, x, added):
        a = self.attention.attn
        x = self.attention.LayerNorm(x + drop(attend(x, a.q, a.k, a.v, a.o, added), self))
        return self.output.LayerNorm(x + drop(self.output.dense(functional.gelu(self.intermediate.dense(x))), self))


def bucket(distance, buckets=32, farthest=128):
    """The bucket of each relative position: exact near by, by logarithm farther off (Raffel and others 2020)."""
    half = buckets // 2
    side = (distance > 0).long() * half
    distance = distance.abs()
    near = half // 2
    far = near + (torch.log(distance.clamp(min=1).float() / near) / torch.log(torch.tensor(farthest / near)) * (half - near)).long()
    return side + torch.where(distance < near, distance, far.clamp(max=half - 1))


class MPNet(nn.Module):
    """MPNet (Song and others 2020), which reads no capitals, told the shape of each subword."""

    dropout = recipe.DROPOUT

    def __init__(self, words=30527, size=768, wide=3072, layers=12):
        super().__init__()
        self.embeddings = Lines(word_embeddings=nn.Embedding(words, size), position_embeddings=nn.Embedding(514, size), LayerNorm=nn.LayerNorm(size, eps=1e-5))
        self.encoder = Lines(layer=nn.ModuleList(MPNetLayer(size, wide) for _ in range(layers)), relative_attention_bias=nn.Embedding(32, HEADS))
        self.shape = nn.Embedding(teacher.SHAPES, size)
        self.classifier = nn.Linear(size, len(recipe.LABELS))
        nn.init.normal_(self.shape.weight, std=0.02)
        nn.init.normal_(self.classifier.weight, std=0.02)
        nn.init.zeros_(self.classifier.bias)
        self.embeddings.word_embeddings.weight.requires_grad = False
        self.encoder.relative_attention_bias.weight.requires_grad = False

    def states(self, ids, lengths):
        place = torch.arange(ids.shape[1], device=ids.device)
        bias = self.encoder.relative_attention_bias(bucket(place[None] - place[:, None])).permute(2, 0, 1)[None]
        outside = (place[None] >= lengths[:, None])[:, None, None]
        kind = torch.bfloat16 if torch.is_autocast_enabled() else torch.float32
        added = torch.where(outside, torch.finfo(kind).min, bias).to(kind)
        e = self.embeddings
        x = e.word_embeddings(ids % teacher.SHIFT) + self.shape(ids // teacher.SHIFT) + e.position_embeddings(place + 2)
        x = drop(e.LayerNorm(x), self)
        for layer in self.encoder.layer:
            x = layer(x, added)
        return x

    def labels(self, states):
        return self.classifier(drop(states, self))
