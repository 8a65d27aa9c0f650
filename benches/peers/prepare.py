"""Prepares what the engines run on: the model in each engine's format, newshound's as one file, and the
batches, from real text.

`prepare.py MODEL_DIR WORK_DIR TEXTS...`: texts are JSONL with "text", or plain text.
"""

import json
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer
from transformers import AutoConfig, AutoModelForTokenClassification, DistilBertTokenizerFast

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "training"))
import rowint8

WINDOW = 158
ARTICLE_WORDS = 800
CORPUS_WORDS = 60_000
# Enough for a second or so in each mode.
WINDOWS = 16
SENTENCES = 30


def texts(paths):
    for path in map(Path, paths):
        content = path.read_text()
        if path.suffix == ".jsonl":
            yield from (json.loads(line)["text"] for line in content.splitlines() if line.strip())
        else:
            yield content


def sentences(text):
    return [s for s in re.split(r"(?<=[.!?])\s+|\n+", text) if s.strip()]


def windows(encoded):
    """Packs consecutive sentences into windows while they fit."""
    found, room = [], 0
    for ids in encoded:
        for part in (ids[i : i + WINDOW] for i in range(0, len(ids), WINDOW)):
            if len(part) > room:
                found.append([])
                room = WINDOW
            found[-1] += part
            room -= len(part)
    return found


def work(tokenizer, documents):
    first, last = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    framed = lambda ids: [first, *ids, last]
    encode = lambda parts: [e.ids for e in tokenizer.encode_batch(parts, add_special_tokens=False)]
    by_document = [encode(sentences(text)) for text in documents]
    single = [framed(ids[:WINDOW]) for document in by_document for ids in document]
    rng = np.random.default_rng(1)
    rng.shuffle(single)
    article, words = [], 0
    for text, encoded in zip(documents, by_document):
        if words < ARTICLE_WORDS:
            article += encoded
            words += len(text.split())
    packs = [framed(w) for document in by_document for w in windows(document)]
    rng.shuffle(packs)
    packs = sorted(packs[:WINDOWS], key=len)
    batches = lambda size: [packs[i : i + size] for i in range(0, len(packs), size)]
    modes = {"sentence": [[s] for s in single[:SENTENCES]], "article": [[framed(w) for w in windows(article)]]}
    modes |= {f"pack{size}": batches(size) for size in (4, 16)}
    return modes


class Logits(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask):
        return self.model(input_ids=input_ids, attention_mask=attention_mask).logits


def main():
    model_dir, out, *paths = sys.argv[1:]
    model_dir, out = Path(model_dir), Path(out)
    ours, full = out / "int8", out / "f32"
    for folder in (ours, full):
        folder.mkdir(parents=True, exist_ok=True)
    stored = rowint8.stored(model_dir)
    save_file(stored | load_file(model_dir / rowint8.EXITS), ours / "model.safetensors")
    shutil.copyfile(model_dir / "config.json", ours / "config.json")
    save_file(rowint8.dequantise(stored), full / "model.safetensors", {"format": "pt"})
    AutoConfig.from_pretrained(model_dir).save_pretrained(full)
    DistilBertTokenizerFast(tokenizer_file=f"{model_dir}/tokenizer.json").save_pretrained(full)
    tokenizer = Tokenizer.from_file(f"{model_dir}/tokenizer.json")
    tokenizer.no_truncation()
    tokenizer.no_padding()
    documents = list(texts(paths))
    corpus = (documents * (1 + CORPUS_WORDS // sum(len(text.split()) for text in documents)))
    rows = [json.dumps({"id": str(number), "text": text}) for number, text in enumerate(corpus)]
    (out / "corpus.jsonl").write_text("\n".join(rows) + "\n")
    (out / "corpus.json").write_text(json.dumps({"words": sum(len(text.split()) for text in corpus)}))
    modes = work(tokenizer, documents)
    (out / "work.json").write_text(json.dumps(modes))

    model = AutoModelForTokenClassification.from_pretrained(full, attn_implementation="eager").eval()
    ids = torch.tensor([modes["article"][0][0]])
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0].numpy()
    np.savez(out / "reference.npz", ids=ids[0].numpy(), logits=logits)
    if (out / "int8.xml").exists():
        return

    torch.onnx.export(
        Logits(model),
        (ids, torch.ones_like(ids)),
        out / "model.onnx",
        input_names=["input_ids", "attention_mask"],
        output_names=["logits"],
        dynamic_axes={name: {0: "batch", 1: "length"} for name in ("input_ids", "attention_mask", "logits")},
        opset_version=17,
        dynamo=False,
    )
    onnx_int8(out)
    ctranslate2_int8(full, out)
    openvino_int8(out, modes)


def onnx_int8(out):
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.transformers import optimizer

    fused = optimizer.optimize_model(
        str(out / "model.onnx"), model_type="bert", num_heads=12, hidden_size=768, opt_level=1
    )
    fused.save_model_to_file(str(out / "fused.onnx"))
    quantize_dynamic(
        out / "fused.onnx",
        out / "int8.onnx",
        per_channel=True,
        weight_type=QuantType.QInt8,
        extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
    )


def ctranslate2_int8(full, out):
    from ctranslate2.converters import TransformersConverter

    TransformersConverter(str(full)).convert(str(out / "ct2"), quantization="int8", force=True)


def openvino_int8(out, modes):
    import nncf
    import openvino

    model = openvino.Core().read_model(out / "model.onnx")
    frame = lambda batch: {
        "input_ids": np.array(batch, np.int64),
        "attention_mask": np.ones((1, len(batch[0])), np.int64),
    }
    data = nncf.Dataset(modes["sentence"], frame)
    quantised = nncf.quantize(model, data, model_type=nncf.ModelType.TRANSFORMER, subset_size=60)
    openvino.save_model(quantised, out / "int8.xml", compress_to_fp16=False)


if __name__ == "__main__":
    main()
