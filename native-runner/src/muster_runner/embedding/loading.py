"""Loads an embedding model and reports progress."""

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
from muster_runner.model.loading import Progress
from muster_runner.model.model_files import ModelFileError, check_model, context_length
from muster_runner.model.part import Part
from muster_runner.model.weights import damaged, open_model

Network = Callable[[mx.array, mx.array | None], mx.array]

WARM_UP_TOKENS = 8
# In tokens, for models whose files state no limit.
DEFAULT_CONTEXT = 512


@dataclass(frozen=True)
class Embedder:
    """``context_length``: maximum tokens of a text. ``vocabulary_size``: tokens that have an embedding. ``width``:
    dimensions of a vector, known after ``warmed_up``. ``weight_bytes``: memory of the weights on this machine."""

    directory: Path
    network: Network
    recipe: Recipe
    context_length: int
    vocabulary_size: int
    weight_bytes: int
    width: int = 0

    def vectors(self, texts: list[list[int]]) -> mx.array:
        """Computes the vectors (texts, width) of tokenized texts, none of them empty."""
        counts = [len(tokens) for tokens in texts]
        longest = max(counts)
        # Any token can be the padding: it is masked, or follows the text in causal attention.
        tokens = mx.array([[*text, *[0] * (longest - len(text))] for text in texts])
        lengths = mx.array(counts)
        mask = None if min(counts) == longest else mx.arange(longest)[None] < lengths[:, None]
        return vectors_of(self.network(tokens, mask), lengths, self.recipe)

    def warmed_up(self) -> "Embedder":
        """Compiles kernels, checks that the output is finite and not zero, and sets ``width``.

        Raises ModelFileError.
        """
        vectors = self.vectors([list(range(min(WARM_UP_TOKENS, self.context_length))), [0]])
        if mx.all(mx.isfinite(vectors)).item() and mx.any(vectors).item():
            return replace(self, width=vectors.shape[1])
        raise ModelFileError(
            f"{damaged(self.directory) or self.directory.name} is damaged: the model computes no vectors, only "
            "overflow or zeros"
        )


def _whole_model() -> Part:
    return Part("Pipeline", 0, 0, 0, None)


def _open(directory: Path, config: dict[str, Any]) -> tuple[Any, Network, int, int | None]:
    """Returns the model, its network, its vocabulary size and its token limit per text.

    Raises ModelFileError and Unsupported.
    """
    if is_encoder(config):
        model, _ = open_model(directory, config, _whole_model(), classes_of)
        return model, model, model.args.vocabulary, model.args.longest
    if is_decoder(config):
        model = open_decoder(directory, config, _whole_model())
        return model, lambda tokens, _mask: model.model(tokens), model.args.vocab_size, context_length(config)
    raise Unsupported(f"this runner makes no embeddings with the architecture {config['model_type']}")


def load_embedder(directory: Path, max_context: int | None, progress: Progress) -> Embedder:
    """Loads layer by layer and calls ``progress(loaded, layers)`` after each. Raises ModelFileError and Unsupported."""
    config = check_model(directory)
    recipe = read_recipe(directory, config)
    wire_memory()
    model, network, vocabulary_size, longest = _open(directory, config)
    layers = list(model.layers)
    for at, layer in enumerate(layers):
        mx.eval(layer.parameters())
        if at + 1 < len(layers):
            progress(at + 1, len(layers))
    mx.eval(model.parameters())
    progress(len(layers), len(layers))
    limits = [limit for limit in (longest, recipe.max_tokens, max_context) if limit is not None]
    context = min(limits, default=DEFAULT_CONTEXT)
    return Embedder(directory, network, recipe, context, vocabulary_size, mx.get_active_memory())
