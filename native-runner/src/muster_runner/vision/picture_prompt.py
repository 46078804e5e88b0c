"""A prompt with pictures, as embeddings for the language model."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import mlx.core as mx

from muster_runner.vision.positions import positions_of


@dataclass(frozen=True)
class PicturePrompt:
    """``keys``: for the prefix cache, one per token. ``embeddings`` (1, tokens, width): with the output of the vision
    tower at the placeholders; ``embed`` embeds later tokens. ``positions`` (3, 1, tokens) and, for later tokens,
    ``shift`` (position minus token count): only with multimodal rotary embeddings."""

    keys: list[int]
    embeddings: mx.array
    embed: Callable[[mx.array], mx.array]
    positions: mx.array | None = None
    shift: int = 0

    def feed(self, model: Any, tokens: list[int], start: int, cache: list[Any]) -> None:
        """Runs the model on ``tokens``, which start at index ``start``: of the prompt, or of an answer that was
        preempted after it."""
        end, length = start + len(tokens), self.embeddings.shape[1]
        seen = self.embeddings[:, start : min(end, length)]
        answered = tokens[max(0, length - start) :]
        if answered:
            seen = mx.concatenate([seen, self.embed(mx.array([answered]))], axis=1)
        placed_at = nullcontext()
        rotary = positions_of(model)
        if rotary is not None and self.positions is not None:
            placed_at = rotary.at(self._positions(self.positions, start, end), seen)
        with placed_at:
            # With input embeddings the model uses only the shape of the tokens; keys of pictures are no token ids.
            model(mx.zeros((1, len(tokens)), dtype=mx.uint32), cache=cache, input_embeddings=seen)

    def _positions(self, positions: mx.array, start: int, end: int) -> mx.array:
        length = positions.shape[-1]
        after = mx.arange(max(start, length), max(end, length)) + self.shift
        return mx.concatenate([positions[..., start:end], mx.broadcast_to(after, (3, 1, after.size))], axis=-1)
