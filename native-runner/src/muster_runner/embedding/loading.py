"""Brings an embedding model into memory, telling how far it is."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import mlx.core as mx

from muster_runner.device import wire_memory
from muster_runner.embedding.decoders import open_decoder
from muster_runner.embedding.kind import is_decoder, is_encoder
from muster_runner.embedding.networks import classes_of
from muster_runner.embedding.pooling import vectors_of
from muster_runner.embedding.recipe import Recipe, read_recipe
from muster_runner.failures import Unsupported
from muster_runner.loading import Progress
from muster_runner.model_files import ModelFileError, check_model, context_length
from muster_runner.part import Part
from muster_runner.weights import damaged, open_model

Network = Callable[[mx.array, mx.array | None], mx.array]

WARM_UP_TOKENS = 8
# Where no file of the model tells how long a text may be.
DEFAULT_CONTEXT = 512


@dataclass(frozen=True)
class Embedder:
    """``context_length``: most tokens of a text. ``width``: numbers in a vector, once it was tried. ``weight_bytes``:
    what the weights take here."""

    directory: Path
    network: Network
    recipe: Recipe
    context_length: int
    weight_bytes: int
    width: int = 0

    def vectors(self, texts: list[list[int]]) -> mx.array:
        """The vectors (texts, width) of texts as tokens, of which none is empty."""
        counts = [len(tokens) for tokens in texts]
        longest = max(counts)
        # Which token pads does not matter: nothing looks at it.
        tokens = mx.array([[*text, *[0] * (longest - len(text))] for text in texts])
        lengths = mx.array(counts)
        mask = None if min(counts) == longest else mx.arange(longest)[None] < lengths[:, None]
        return vectors_of(self.network(tokens, mask), lengths, self.recipe)

    def tried(self) -> "Embedder":
        """Makes what is made at first use, looks at what comes out, and knows the width. Raises ModelFileError."""
        vectors = self.vectors([list(range(min(WARM_UP_TOKENS, self.context_length))), [0]])
        if mx.all(mx.isfinite(vectors)).item() and mx.any(vectors).item():
            return replace(self, width=vectors.shape[1])
        raise ModelFileError(
            f"{damaged(self.directory) or self.directory.name} is damaged: the model computes no vectors, only "
            "overflow or zeros"
        )


def _part() -> Part:
    return Part("Pipeline", 0, 0, 0, None)


def _open(directory: Path, config: dict[str, Any]) -> tuple[Any, Network, int | None]:
    """The model, its network, and most tokens of a text. Raises ModelFileError and Unsupported."""
    if is_encoder(config):
        model, _ = open_model(directory, config, _part(), classes_of)
        return model, model, model.args.longest
    if is_decoder(config):
        model = open_decoder(directory, config, _part())
        return model, lambda tokens, _mask: model.model(tokens), context_length(config)
    raise Unsupported(f"this runner makes no embeddings with the architecture {config['model_type']}")


def load_embedder(directory: Path, max_context: int | None, progress: Progress) -> Embedder:
    """``progress(loaded, layers)`` after each layer. Raises ModelFileError and Unsupported."""
    config = check_model(directory)
    recipe = read_recipe(directory, config)
    wire_memory()
    model, network, longest = _open(directory, config)
    layers = list(model.layers)
    for at, layer in enumerate(layers):
        mx.eval(layer.parameters())
        if at + 1 < len(layers):
            progress(at + 1, len(layers))
    mx.eval(model.parameters())
    progress(len(layers), len(layers))
    limits = [limit for limit in (longest, recipe.max_tokens, max_context) if limit is not None]
    return Embedder(directory, network, recipe, min(limits, default=DEFAULT_CONTEXT), mx.get_active_memory())
