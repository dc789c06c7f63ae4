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
    for config in [{}, {"maskToken": 0}, {"maskToken": 0, "outputMode": "count"}]:
        none = {"numOovIndices": 0, **config}
        yield "integerLookup", {"vocabulary": [7, 3, -5], **none}, [[3, -5], [7, 0 if config else 3]]
        text_mask = {"maskToken": ""} if config else {}
        yield "stringLookup", {"vocabulary": ["b", "a", "c"], **none, **text_mask}, [["c", "b"], ["b", "" if config else "a"]]
    weights = {"outputMode": "tfIdf", "idfWeights": [0.25, 0.5, 1.5]}
    for config in [{}, {"numOovIndices": 2, "maskToken": 0}, {"numOovIndices": 0, "maskToken": 0}, {"maxTokens": 9, "padToMaxTokens": True}]:
        rows = [[3, 7, 3], [0, -5, 7]] if config.get("numOovIndices") == 0 else [[3, 9, 3], [0, 8, 7]]
        yield "integerLookup", {"vocabulary": [7, 3, -5], **weights, **config}, rows
    padded = {"maxTokens": 6, "padToMaxTokens": True}
    for mode in ["oneHot", "multiHot", "count"]:
        yield "stringLookup", {"vocabulary": ["b", "a", "c"], "outputMode": mode, **padded}, [["a", "z", "c"]]
        yield "integerLookup", {"vocabulary": [7, 3], "outputMode": mode, **padded}, [[3], [8], [7]]
    yield "stringLookup", {"vocabulary": ["b", "a", "c"], **weights, **padded}, [["a", "z", "a"], ["c", "b", "b"]]


def learnt():
    """What lookups learn of documents: their tokens and how rare each is."""
    words = [["b", "a", "b"], ["c", "c", "a"], ["b", "", "a"], ["[UNK]", "b", "d"]]
    numbers = [[5, 3, 5], [9, 9, 3], [5, 0, 3], [-1, 5, 7]]
    of = {"stringLookup": (keras.layers.StringLookup, words, ""), "integerLookup": (keras.layers.IntegerLookup, numbers, 0)}
    for step, (make, rows, mask) in of.items():
        for config in [{}, {"maskToken": mask}, {"maxTokens": 3}, {"maxTokens": 9, "padToMaxTokens": True, "numOovIndices": 2}]:
            for seen in [rows, [row[0] for row in rows]]:
                options = {KERAS.get(key, key): value for key, value in config.items()}
                layer = make(output_mode="tf_idf", **options)
                layer.adapt(np.array(seen))
                yield {
                    "name": f"{step} {text(config)} of {np.array(seen).ndim} axes", "step": step, "config": {"outputMode": "tfIdf", **config}, "seen": seen,
                    "vocabulary": [token if step == "stringLookup" else int(token) for token in layer.get_vocabulary(include_special_tokens=False)],
                    "items": rows, "outputs": np.asarray(layer(np.array(rows))).tolist(),
                }  # fmt: skip


def quantiles():
    """Boundaries that Discretization finds."""
    for size, bins, epsilon in [(8, 4, 0.01), (50, 3, 0.01), (1000, 5, 0.01), (1000, 10, 0.1), (333, 7, 0.05), (12, 6, 0.5), (5, 8, 0.01), (2500, 4, 0.001)]:
        data = np.sin(np.arange(size) ** 2).astype("float32") * 10
        layer = keras.layers.Discretization(num_bins=bins, epsilon=epsilon)
        layer.adapt(data)
        yield {"name": f"{size} numbers, {bins} bins, epsilon {epsilon}", "size": size, "numBins": bins, "epsilon": epsilon, "boundaries": [float(x) for x in layer.bin_boundaries]}


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


KERAS = {"numBins": "num_bins", "maskValue": "mask_value", "numOovIndices": "num_oov_indices", "maskToken": "mask_token", "outputMode": "output_mode", "outputSequenceLength": "output_sequence_length", "maxTokens": "max_tokens", "padToMaxTokens": "pad_to_max_tokens", "idfWeights": "idf_weights"}
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
    write("preprocessing", cases=cases, texts=list(texts()), learnt=list(learnt()), quantiles=list(quantiles()), adapted=[{"name": "adapted", "items": items, "vocabulary": adapted.get_vocabulary()[1:]}])
