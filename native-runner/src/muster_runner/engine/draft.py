"""The draft model of speculative decoding: a smaller model with the same tokenizer.

It follows the decoding sequences: its KV cache holds the same tokens as the model's, except for the latest ones;
rejected draft tokens are trimmed before it continues.
"""

from collections.abc import Collection
from collections.abc import Sequence as Several
from dataclasses import dataclass, field
from typing import Any

import mlx.core as mx
from mlx_lm.models.cache import make_prompt_cache

from muster_runner.cache.memory_budget import UNLIMITED_TOKENS
from muster_runner.engine.sequence import Sequence
from muster_runner.engine.speculation import LONGEST_DRAFT
from muster_runner.engine.sub_batches import SubBatches
from muster_runner.sampling.sampling import predicted_tokens
from muster_runner.vision.keys import before_pictures

# Maximum tokens that it prefills per step, so that decoding is not delayed.
CATCH_UP = 256
# A sequence that it lags behind by more tokens than this is dropped and prefilled again, alone.
LAG = 32
# The tokens that it may have to trim at once.
MARGIN = max(LAG, LONGEST_DRAFT)


@dataclass
class _DraftState:
    """The draft's state of a sequence: its cache holds the first ``read`` tokens, then ``drafted``, not verified
    yet."""

    read: int
    drafted: list[int] = field(default_factory=list)

    def settle(self, tokens: Several[int]) -> int:
        """Compares its draft tokens with the sequence's. Returns how many of them must be trimmed."""
        # At least one token must remain to be fed, for its logits.
        most = min(len(self.drafted), len(tokens) - self.read - 1)
        accepted = next((at for at in range(most) if tokens[self.read + at] != self.drafted[at]), most)
        wrong = len(self.drafted) - accepted
        self.read += accepted
        self.drafted = []
        return wrong


class Draft:
    """``vocabulary``: the size of the vocabulary; logits may be padded beyond it. ``pass_tokens``, ``ragged``,
    ``spare_tokens``: see SubBatches. The draft's cache of a sequence is
    part of that sequence's bytes in the memory budget, so any decoding sequence can have one."""

    def __init__(
        self,
        model: Any,
        vocabulary: int,
        pass_tokens: int,
        ragged: bool = False,
        spare_tokens: int = UNLIMITED_TOKENS,
    ):
        self._model, self._vocabulary = model, vocabulary
        # What it has to remove are its own draft tokens, or padding after the tokens that it lags behind.
        self._caches = SubBatches(pass_tokens, ragged, spare_tokens, MARGIN)
        # In the row order of the caches.
        self._states: dict[Sequence, _DraftState] = {}
        # The sequence being prefilled, its cache, and how many tokens are done.
        self._prefilling: tuple[Sequence, list[Any], int] | None = None

    @property
    def nbytes(self) -> int:
        """Bytes of its caches."""
        behind = [] if self._prefilling is None else self._prefilling[1]
        return self._caches.nbytes + sum(layer.nbytes for layer in behind)

    def propose(self, wanted: Several[tuple[Sequence, int, int]]) -> dict[str, list[int]]:
        """Drafts tokens. ``wanted``: all sequences that it may follow, each with its next token to be fed and the
        maximum draft length; 0 if it only keeps up with it. A sequence that is not prefilled yet gets no draft; one
        such sequence is prefilled further."""
        known = {sequence: [*sequence.tokens, first] for sequence, first, _ in wanted}
        lengths = {sequence: length for sequence, _, length in wanted if length > 0}
        self._trim_rejected(known)
        self._catch_up(known, lengths)
        lengths = {sequence: length for sequence, length in lengths.items() if sequence in self._states}
        if not lengths:
            return {}
        logits = self._feed_new_tokens(known)
        samplers = [sequence.sampling.sampler for sequence in self._states]
        columns: list[mx.array] = []
        for ahead in range(max(lengths.values())):
            if columns:
                logits = self._caches.several(self._model, columns[-1][:, None])[:, -1]
            columns.append(predicted_tokens(samplers, logits[:, : self._vocabulary], ahead).astype(mx.uint32))
        drafts = mx.stack(columns, axis=1).tolist()
        for state, draft in zip(self._states.values(), drafts, strict=True):
            # The last draft token was not fed.
            state.drafted = draft[:-1]
        each = zip(self._states, drafts, strict=True)
        return {sequence.task_id: draft[: lengths[sequence]] for sequence, draft in each if sequence in lengths}

    def forget(self, left: Collection[Sequence]) -> None:
        """Drops the caches of sequences that have left the batch: the budget has no room for them any more, and the
        next draft may be long in coming."""
        if self._prefilling is not None and self._prefilling[0] in left:
            self._prefilling = None
        self._keep([at for at, sequence in enumerate(self._states) if sequence not in left])

    def _trim_rejected(self, known: dict[Sequence, list[int]]) -> None:
        """Trims rejected draft tokens, and drops sequences that are not in ``known`` or too far behind."""
        if self._prefilling is not None and self._prefilling[0] not in known:
            self._prefilling = None
        if not self._states:
            return
        wrong, staying = [], []
        for at, (sequence, state) in enumerate(self._states.items()):
            tokens = known.get(sequence)
            wrong.append(len(state.drafted) if tokens is None else state.settle(tokens))
            if tokens is not None and len(tokens) - state.read <= LAG:
                staying.append(at)
        self._caches.trim(wrong)
        self._keep(staying)

    def _keep(self, staying: list[int]) -> None:
        """Drops the caches of all sequences but these, by row."""
        if len(staying) < len(self._states):
            rows = list(self._states.items())
            self._states = dict(rows[at] for at in staying)
            self._caches.keep(staying)

    def _catch_up(self, known: dict[Sequence, list[int]], wanted: Collection[Sequence]) -> None:
        """Prefills some tokens of one new sequence of those ``wanted``."""
        if self._prefilling is None:
            new = (
                sequence
                for sequence in wanted
                if sequence not in self._states and before_pictures(known[sequence]) == known[sequence]
            )
            if (sequence := next(new, None)) is None:
                return
            self._prefilling = (sequence, make_prompt_cache(self._model), 0)
        sequence, cache, read = self._prefilling
        last = len(known[sequence]) - 1
        chunk = known[sequence][read : min(read + CATCH_UP, last)]
        if chunk:
            self._model(mx.array([chunk]), cache=cache)
            mx.eval([layer.state for layer in cache])
            read += len(chunk)
        self._prefilling = (sequence, cache, read)
        if read == last:
            self._prefilling = None
            self._caches.add([(cache, read)])
            self._states[sequence] = _DraftState(read)

    def _feed_new_tokens(self, known: dict[Sequence, list[int]]) -> mx.array:
        """Feeds each sequence's new tokens; returns the logits after the latest (sequences, vocabulary)."""
        pieces = [known[sequence][state.read :] for sequence, state in self._states.items()]
        longest = max(map(len, pieces))
        fed = mx.array([[*chunk, *[0] * (longest - len(chunk))] for chunk in pieces], dtype=mx.uint32)
        logits = self._caches.several(self._model, fed)
        self._caches.trim([longest - len(chunk) for chunk in pieces])
        for state, chunk in zip(self._states.values(), pieces, strict=True):
            state.read += len(chunk)
        return logits[mx.arange(len(pieces)), mx.array([len(chunk) - 1 for chunk in pieces])]
