"""preprocessing.json: buckets of strings and whole numbers, and places in vocabularies. TensorFlow computes the hashes."""

import keras
import numpy as np

from common import text, write

WORDS = ["A", "B", "C", "ünï", "", "0123456789abcdef", "0123456789abcdefg", "x" * 33, "a token with more than sixty-four bytes in it, " * 2]
NUMBERS = [1, 2, -5, 123456789]


def hashing():
    for config in [
        {"numBins": 3},
        {"numBins": 1000003},
        {"numBins": 50, "maskValue": "A"},
        {"numBins": 977, "salt": 1337},
        {"numBins": 977, "salt": [7, 11]},
        {"numBins": 20, "salt": [7, 11], "maskValue": "C"},
    ]:
        yield config, WORDS
    yield {"numBins": 11}, NUMBERS
    yield {"numBins": 11, "maskValue": 2}, NUMBERS


def lookups():
    words = ["a", "z", "", "c", "q", "[UNK]", "w"]
    for config in [{}, {"numOovIndices": 3}, {"numOovIndices": 3, "maskToken": ""}, {"outputMode": "oneHot"}]:
        yield "stringLookup", {"vocabulary": ["b", "a", "c"], **config}, words
    yield "stringLookup", {"vocabulary": ["b", "a", "c"], "maskToken": "", "outputMode": "multiHot"}, [words[:3], words[3:6]]
    numbers = [7, 3, 4, 5, -4, -1, 0]
    for config in [{"numOovIndices": 3}, {"numOovIndices": 3, "maskToken": 0}]:
        yield "integerLookup", {"vocabulary": [7, 3], **config}, numbers
    count = {"numOovIndices": 2, "maskToken": 0, "outputMode": "count"}
    yield "integerLookup", {"vocabulary": [7, 3], **count}, [numbers[:3], numbers[4:]]


TEXTS = ["The cat sat; on the mat.", "A dog!", "the the CAT's dog  runs", "", "unseen words only"]
SEEN = ["The cat sat on the mat", "the dog sat", "a cat, a dog: runs", "dog dog dog"]


def texts():
    for config in [
        {}, {"outputSequenceLength": 3}, {"outputSequenceLength": 8}, {"maxTokens": 5}, {"standardize": None}, {"standardize": "lower"},
        {"standardize": "stripPunctuation"}, {"split": "character"}, {"split": None}, {"ngrams": 2}, {"ngrams": [2]}, {"ngrams": 3, "maxTokens": 12},
        {"outputMode": "multiHot"}, {"outputMode": "count"}, {"outputMode": "count", "ngrams": 2}, {"outputMode": "tfIdf"},
        {"outputMode": "tfIdf", "maxTokens": 4}, {"outputMode": "multiHot", "maxTokens": 20, "padToMaxTokens": True},
    ]:  # fmt: skip
        of = {KERAS.get(key, key): MODES.get(value, value) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value for key, value in config.items()}
        layer = keras.layers.TextVectorization(**of)
        layer.adapt(np.array(SEEN))
        vocabulary = layer.get_vocabulary()[1:] if of.get("output_mode", "int") != "int" else layer.get_vocabulary()[2:]
        out = np.asarray(layer(np.array(TEXTS)))
        yield {"name": f"textVectorization {text(config)}", "config": config, "seen": SEEN, "texts": TEXTS, "vocabulary": vocabulary, "outputs": out.astype("float32").tolist()}


KERAS = {"numBins": "num_bins", "maskValue": "mask_value", "numOovIndices": "num_oov_indices", "maskToken": "mask_token", "outputMode": "output_mode", "outputSequenceLength": "output_sequence_length", "maxTokens": "max_tokens", "padToMaxTokens": "pad_to_max_tokens"}
MODES = {"multiHot": "multi_hot", "oneHot": "one_hot", "tfIdf": "tf_idf", "stripPunctuation": "strip_punctuation"}


def outputs(of, config, items):
    options = {KERAS.get(key, key): MODES.get(value, value) if isinstance(value, str) else value for key, value in config.items()}
    return np.asarray(of(**options)(np.array(items))).tolist()


def main():
    plan = [("hashing", config, items) for config, items in hashing()] + list(lookups())
    of = {"hashing": keras.layers.Hashing, "stringLookup": keras.layers.StringLookup, "integerLookup": keras.layers.IntegerLookup}
    cases = [
        {"name": f"{step} {text(config)} of {type(items[0]).__name__}s", "step": step, "config": config, "items": items,
         "outputs": outputs(of[step], config, items)}
        for step, config, items in plan
    ]  # fmt: skip
    adapted = keras.layers.StringLookup(max_tokens=4)
    items = ["b", "a", "c", "c", "ü"]
    adapted.adapt(np.array(items))
    write("preprocessing", cases=cases, texts=list(texts()), adapted=[{"name": "adapted", "items": items, "vocabulary": adapted.get_vocabulary()[1:]}])
