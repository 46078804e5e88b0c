"""A prompt with pictures, as it is fed to the language model."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import mlx.core as mx

from muster_runner.vision.places import places_of


@dataclass(frozen=True)
class PicturePrompt:
    """``keys``: its tokens for comparing prompts. ``embeddings`` (1, tokens, width): with what the tower saw in place
    of placeholders; ``embed`` makes those of tokens that come after. ``positions`` (3, 1, tokens) and ``shift``, of
    what comes after, where positions are no count of tokens."""

    keys: list[int]
    embeddings: mx.array
    embed: Callable[[mx.array], mx.array]
    positions: mx.array | None = None
    shift: int = 0

    def feed(self, model: Any, tokens: list[int], start: int, cache: list[Any]) -> None:
        """Feeds the tokens from the position ``start`` on: of the prompt, or of the answer that had begun after it."""
        end, length = start + len(tokens), self.embeddings.shape[1]
        seen = self.embeddings[:, start : min(end, length)]
        answered = tokens[max(0, length - start) :]
        if answered:
            seen = mx.concatenate([seen, self.embed(mx.array([answered]))], axis=1)
        placed = nullcontext()
        places = places_of(model)
        if places is not None and self.positions is not None:
            placed = places.at(self._positions(self.positions, start, end), seen)
        with placed:
            # Of the tokens only the number counts: pictures have no tokens that the vocabulary knows.
            model(mx.zeros((1, len(tokens)), dtype=mx.uint32), cache=cache, input_embeddings=seen)

    def _positions(self, positions: mx.array, start: int, end: int) -> mx.array:
        length = positions.shape[-1]
        after = mx.arange(max(start, length), max(end, length)) + self.shift
        return mx.concatenate([positions[..., start:end], mx.broadcast_to(after, (3, 1, after.size))], axis=-1)
