"""A prompt with pictures, as embeddings for the language model."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import mlx.core as mx

from muster_runner.vision.keys import FIRST_KEY
from muster_runner.vision.span import Span


@dataclass(frozen=True)
class PicturePrompt:
    """``keys``: for the prefix cache, one per token. ``embeddings`` (1, tokens, width): with the output of the vision
    tower at the placeholders; ``embed`` embeds later tokens. ``spans``: what else the model needs. ``shift``: position
    minus token count after the prompt. ``blocks``: half-open ranges of tokens that must be computed in one pass, in
    order."""

    keys: list[int]
    embeddings: mx.array
    embed: Callable[[mx.array], mx.array]
    spans: Sequence[Span] = ()
    shift: int = 0
    blocks: Sequence[tuple[int, int]] = ()

    def feed(self, model: Any, tokens: list[int], start: int, cache: list[Any]) -> None:
        """Runs the model on ``tokens``, which start at index ``start``: of the prompt, or of an answer that was
        preempted after it."""
        end, length = start + len(tokens), self.embeddings.shape[1]
        seen = self.embeddings[:, start : min(end, length)]
        answered = tokens[max(0, length - start) :]
        if answered:
            seen = mx.concatenate([seen, self.embed(mx.array([answered]))], axis=1)
        # Embeddings of a token beside those of ``seen`` exist for text only; keys of pictures are no token ids.
        known = mx.array([[token if token < FIRST_KEY else 0 for token in tokens]], dtype=mx.uint32)
        with ExitStack() as stack:
            for span in self.spans:
                stack.enter_context(span(start, end))
            model(known, cache=cache, input_embeddings=seen)

    def whole(self, end: int) -> int:
        """Returns the first index from ``end`` on that is not within a block."""
        return next((last for first, last in self.blocks if first < end < last), end)
