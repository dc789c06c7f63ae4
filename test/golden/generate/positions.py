"""positions.json: layers of positions against KerasHub, forward and backward.

The gradient is that of the sum of output * outputGradient. Needs the package keras-hub, whose layers compute in float32.
"""

import jax
import jax.numpy as jnp
import keras_hub

from common import class_in, generator, normal, options, tensor, text, write

TIMES = [[5, 0, 7, 2], [1, 1, 3, 900]]


def cases():
    for layer in ["rotaryEmbedding", "sinePositionEncoding"]:
        yield layer, {}, [2, 4, 6], None
        yield layer, {"maxWavelength": 50}, [2, 4, 6], None
        yield layer, {}, [2, 4, 6], TIMES[0]
        yield layer, {}, [2, 4, 6], TIMES
    yield "sinePositionEncoding", {}, [2, 4, 5], None
    yield "rotaryEmbedding", {"scalingFactor": 4}, [2, 4, 6], None
    yield "rotaryEmbedding", {}, [2, 4, 3, 8], None
    yield "rotaryEmbedding", {}, [2, 4, 3, 8], TIMES
    yield "rotaryEmbedding", {"sequenceAxis": 2}, [2, 3, 4, 8], TIMES
    yield "rotaryEmbedding", {"sequenceAxis": -1, "featureAxis": 1}, [2, 6, 4], TIMES
    yield "rotaryEmbedding", {"sequenceAxis": 3, "featureAxis": 1}, [2, 6, 3, 4], None


def run(layer, config, shape, positions):
    name = f"{layer} {text(config)} {shape} {positions}"
    rng = generator(name)
    of = class_in(keras_hub.layers, layer)(**options(config))
    given = {} if positions is None else {"positions": jnp.asarray(positions)}
    x = jnp.asarray(normal(rng, shape))
    output, backward = jax.vjp(lambda x: of(x, **given), x)
    cotangent = normal(rng, output.shape)
    return {
        "name": name,
        "layer": layer,
        "config": config,
        "input": x,
        "positions": positions and tensor(jnp.asarray(positions)),
        "output": output,
        "outputGradient": tensor(cotangent),
        "inputGradient": backward(jnp.asarray(cotangent))[0],
    }


def main():
    write("positions", cases=[run(*of) for of in cases()])
