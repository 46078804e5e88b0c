"""A smaller model of the same tokenizer, which guesses what the model itself will draw.

It reads along with the sequences that decode. Its keys and values are those of the same tokens, but for the latest:
what it guessed wrong is taken back before it reads on.
"""

from collections.abc import Sequence as Several
from dataclasses import dataclass, field
from typing import Any

import mlx.core as mx
from mlx_lm.models.cache import make_prompt_cache

from muster_runner.sampling import predicted_tokens
from muster_runner.sequence import Sequence
from muster_runner.sub_batches import SubBatches
from muster_runner.vision.keys import before_pictures

# Tokens that it reads in one step at most, so that what is decoded meanwhile does not wait.
CATCH_UP = 256
# A sequence that it has fallen behind by more than so many tokens is read up to by itself.
LAG = 32


@dataclass
class _Reading:
    """How far it has read one sequence: the first ``read`` of its tokens, and then ``guessed``, some of it wrong."""

    read: int
    guessed: list[int] = field(default_factory=list)

    def settle(self, tokens: Several[int]) -> int:
        """Learns what the sequence has become. Returns how many of the latest tokens that were fed are not its own."""
        # At least one is left to be fed, whose logits are wanted.
        most = min(len(self.guessed), len(tokens) - self.read - 1)
        right = next((at for at in range(most) if tokens[self.read + at] != self.guessed[at]), most)
        wrong = len(self.guessed) - right
        self.read += right
        self.guessed = []
        return wrong


class Draft:
    """``vocabulary``: how many tokens there are; a model's logits may be padded. What it keeps of a sequence is part of
    that sequence's bytes in the memory budget, so it reads along with any that decodes."""

    def __init__(self, model: Any, vocabulary: int, pass_tokens: int):
        self._model, self._vocabulary = model, vocabulary
        self._caches = SubBatches(pass_tokens)
        # In the order of the caches' rows.
        self._readings: dict[Sequence, _Reading] = {}
        # The one that it catches up with, and how far it is.
        self._behind: tuple[Sequence, list[Any], int] | None = None

    @property
    def nbytes(self) -> int:
        """Of what it keeps of all sequences."""
        behind = [] if self._behind is None else self._behind[1]
        return self._caches.nbytes + sum(layer.nbytes for layer in behind)

    def guess(self, wanted: Several[tuple[Sequence, int, int]]) -> dict[str, list[int]]:
        """For each sequence with the token that it is fed next, up to so many tokens that may follow it. None for one
        that it has not read yet, which it goes on with."""
        known = {one: [*one.tokens, first] for one, first, _ in wanted}
        self._settle(known)
        self._catch_up(known)
        lengths = {one: length for one, _, length in wanted if one in self._readings}
        if not lengths:
            return {}
        logits = self._read_on(known)
        samplers = [one.drawing.sampler for one in self._readings]
        columns: list[mx.array] = []
        for ahead in range(max(lengths.values())):
            if columns:
                logits = self._caches.logits(self._model, columns[-1])
            columns.append(predicted_tokens(samplers, logits[:, : self._vocabulary], ahead).astype(mx.uint32))
        guesses = mx.stack(columns, axis=1).tolist()
        for reading, guess in zip(self._readings.values(), guesses, strict=True):
            # The last one was not fed.
            reading.guessed = guess[:-1]
        return {one.task_id: guess[: lengths[one]] for one, guess in zip(self._readings, guesses, strict=True)}

    def _settle(self, known: dict[Sequence, list[int]]) -> None:
        """Takes back what did not come true, and leaves out who is not asked for."""
        if self._behind is not None and self._behind[0] not in known:
            self._behind = None
        if not self._readings:
            return
        wrong, stay = [], []
        for at, (one, reading) in enumerate(self._readings.items()):
            tokens = known.get(one)
            wrong.append(len(reading.guessed) if tokens is None else reading.settle(tokens))
            if tokens is not None and len(tokens) - reading.read <= LAG:
                stay.append(at)
        self._caches.trim(wrong)
        if len(stay) < len(self._readings):
            rows = list(self._readings.items())
            self._readings = dict(rows[at] for at in stay)
            self._caches.keep(stay)

    def _catch_up(self, known: dict[Sequence, list[int]]) -> None:
        """Reads some tokens of one sequence that it does not know."""
        if self._behind is None:
            new = (one for one in known if one not in self._readings and before_pictures(known[one]) == known[one])
            if (one := next(new, None)) is None:
                return
            self._behind = (one, make_prompt_cache(self._model), 0)
        one, cache, read = self._behind
        last = len(known[one]) - 1
        piece = known[one][read : min(read + CATCH_UP, last)]
        if piece:
            self._model(mx.array([piece]), cache=cache)
            mx.eval([layer.state for layer in cache])
            read += len(piece)
        self._behind = (one, cache, read)
        if read == last:
            self._behind = None
            self._caches.add([cache])
            self._readings[one] = _Reading(read)

    def _read_on(self, known: dict[Sequence, list[int]]) -> mx.array:
        """Feeds each sequence what it has become; returns the logits after its latest token (sequences, vocabulary)."""
        pieces = [known[one][reading.read :] for one, reading in self._readings.items()]
        longest = max(map(len, pieces))
        fed = mx.array([[*piece, *[0] * (longest - len(piece))] for piece in pieces], dtype=mx.uint32)
        logits = self._caches.several(self._model, fed)
        self._caches.trim([longest - len(piece) for piece in pieces])
        for reading, piece in zip(self._readings.values(), pieces, strict=True):
            reading.read += len(piece)
        return logits[mx.arange(len(pieces)), mx.array([len(piece) - 1 for piece in pieces])]
