"""The other engines, each in a process of its own: `engines.py ENGINE THREADS WORK_DIR`.

Prints `ready LARGEST_DIFFERENCE`. Then, for each line `MODE` of its input, it runs the batches of that mode
once and prints `TOKENS SECONDS`. Batches are padded to their longest sequence, as these engines need it;
only real tokens count.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np


def onnx_runtime(work, threads):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        str(work / "int8.onnx"), options, providers=["CPUExecutionProvider"]
    )
    return lambda ids, mask: session.run(None, {"input_ids": ids, "attention_mask": mask})[0]


def openvino(model, precision):
    def load(work, threads):
        import openvino

        core = openvino.Core()
        settings = {
            "INFERENCE_NUM_THREADS": str(threads),
            "NUM_STREAMS": "1",
            "INFERENCE_PRECISION_HINT": precision,
        }
        compiled = core.compile_model(core.read_model(work / model), "CPU", settings)
        request = compiled.create_infer_request()

        def run(ids, mask):
            request.infer({"input_ids": ids, "attention_mask": mask})
            return request.get_output_tensor(0).data

        return run

    return load


def ctranslate2(work, threads):
    import ctranslate2
    from safetensors.numpy import load_file

    encoder = ctranslate2.Encoder(
        str(work / "ct2"), device="cpu", compute_type="int8", inter_threads=1, intra_threads=threads
    )
    head = load_file(work / "f32" / "model.safetensors")
    weight, bias = head["classifier.weight"].T.copy(), head["classifier.bias"]

    def run(ids, mask):
        tokens = ctranslate2.StorageView.from_array(ids.astype(np.int32))
        lengths = ctranslate2.StorageView.from_array(mask.sum(1).astype(np.int32))
        hidden = np.array(encoder.forward_batch(tokens, lengths).last_hidden_state)
        return hidden @ weight + bias

    return run


ENGINES = {
    "onnxruntime int8": onnx_runtime,
    "openvino int8": openvino("int8.xml", "f32"),
    "openvino int8+bf16": openvino("int8.xml", "bf16"),
    "openvino bf16": openvino("model.onnx", "bf16"),
    "ctranslate2 int8": ctranslate2,
}


def padded(batch):
    longest = max(map(len, batch))
    ids = np.zeros((len(batch), longest), np.int64)
    mask = np.zeros_like(ids)
    for row, sequence in enumerate(batch):
        ids[row, : len(sequence)] = sequence
        mask[row, : len(sequence)] = 1
    return ids, mask


def main():
    engine, threads, work = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    run = ENGINES[engine](work, threads)
    modes = json.loads((work / "work.json").read_text())
    reference = np.load(work / "reference.npz")
    found = run(*padded([reference["ids"].tolist()]))[0]
    print("ready", np.abs(found - reference["logits"]).max(), flush=True)
    for line in sys.stdin:
        batches = [padded(batch) for batch in modes[line.strip()]]
        tokens = sum(int(mask.sum()) for _, mask in batches)
        start = time.perf_counter()
        for ids, mask in batches:
            run(ids, mask)
        print(tokens, time.perf_counter() - start, flush=True)


if __name__ == "__main__":
    main()
