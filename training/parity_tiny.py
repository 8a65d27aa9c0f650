"""Makes the tiny random models that the encoder's tests compare with PyTorch.

For each architecture: config.json and model.safetensors as transformers writes them, and
expected.json with token ids and the logits that PyTorch gives for them (eval mode, f32, eager
attention). Same seed, same files.

    python training/parity_tiny.py [crates/encoder/tests/fixtures]
"""

import json
import sys
from pathlib import Path

import torch
from transformers import (
    AutoModelForTokenClassification,
    BertConfig,
    DistilBertConfig,
    ElectraConfig,
    MPNetConfig,
    RobertaConfig,
    XLMRobertaConfig,
)

LABELS = 9
VOCAB = 53
SIZES = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64)
# The activations differ so that each is compared once at least.
CONFIGS = {
    "bert": BertConfig(vocab_size=VOCAB, max_position_embeddings=40, **SIZES),
    "distilbert": DistilBertConfig(
        vocab_size=VOCAB, max_position_embeddings=40, dim=32, n_layers=2, n_heads=4, hidden_dim=64
    ),
    "roberta": RobertaConfig(
        vocab_size=VOCAB, max_position_embeddings=42, type_vocab_size=1, layer_norm_eps=1e-5, **SIZES
    ),
    "xlm-roberta": XLMRobertaConfig(
        vocab_size=VOCAB,
        max_position_embeddings=42,
        type_vocab_size=1,
        layer_norm_eps=1e-5,
        hidden_act="gelu_new",
        **SIZES,
    ),
    "electra": ElectraConfig(
        vocab_size=VOCAB, max_position_embeddings=40, embedding_size=20, hidden_act="relu", **SIZES
    ),
    # Long enough for every bucket of relative positions.
    "mpnet": MPNetConfig(vocab_size=VOCAB, max_position_embeddings=152, **SIZES),
}


def randomise(model, generator):
    """Random values of ordinary size everywhere: fresh models have zero biases and plain norms."""
    with torch.no_grad():
        for name, tensor in model.named_parameters():
            noise = torch.randn(tensor.shape, generator=generator)
            if "LayerNorm.weight" in name or "layer_norm.weight" in name:
                tensor.copy_(1 + 0.3 * noise)
            elif name.endswith("bias"):
                tensor.copy_(0.3 * noise)
            elif "embeddings" in name and tensor.shape[-1] != 1:
                tensor.copy_(0.7 * noise)
            else:
                tensor.copy_(noise * (1.5 / tensor.shape[-1] ** 0.5))


def sequences(longest, generator):
    """Ids from 3 up: lower ones are special, and padding would get a position of its own."""
    lengths = [1, 2, 7, 8, 17, longest]
    return [torch.randint(3, VOCAB, (length,), generator=generator).tolist() for length in lengths]


def make(name, config, folder):
    generator = torch.Generator().manual_seed(20)
    config.num_labels = LABELS
    config._attn_implementation = "eager"
    model = AutoModelForTokenClassification.from_config(config).float().eval()
    randomise(model, generator)
    counted_from_padding = name in ("roberta", "xlm-roberta", "mpnet")
    longest = config.max_position_embeddings - (config.pad_token_id + 1 if counted_from_padding else 0)
    cases = []
    for ids in sequences(longest, generator):
        with torch.no_grad():
            logits = model(torch.tensor([ids])).logits[0]
        cases.append({"ids": ids, "logits": [[round(x, 6) for x in row] for row in logits.tolist()]})
    model.save_pretrained(folder)
    (folder / "expected.json").write_text(json.dumps({"longest": longest, "sequences": cases}) + "\n")
    print(f"{name}: {sum(f.stat().st_size for f in folder.iterdir())} bytes")


def main():
    default = Path(__file__).parent.parent / "crates/encoder/tests/fixtures"
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else default
    for name, config in CONFIGS.items():
        folder = root / name
        folder.mkdir(parents=True, exist_ok=True)
        make(name, config, folder)


if __name__ == "__main__":
    main()
