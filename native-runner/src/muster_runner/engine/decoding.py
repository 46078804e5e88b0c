"""The decoding batch: a token per step for each of its sequences, several with speculative decoding."""

import time
from collections.abc import Sequence as Several
from typing import Any

import mlx.core as mx

from muster_runner.cache.sequence_caches import SeparateCaches, SequenceCaches
from muster_runner.engine.proposer import DraftTokens, Proposer
from muster_runner.engine.sequence import SampledToken, Sequence
from muster_runner.engine.sub_batches import SubBatches
from muster_runner.engine.verification import Verification, count_accepted
from muster_runner.sampling.batch_sampler import BatchSampler
from muster_runner.sampling.sampling import SeededSampler

# Steps between clearings of MLX's buffer cache: caches grow, so buffers of old shapes are never reused.
STEPS_BETWEEN_CLEARINGS = 512
# The default fixed cost of a sub-batch, in tokens; see SubBatches.
PASS_TOKENS = 4096


class DecodingBatch:
    """Feeds each sequence its latest token and samples the next.

    With ``lookahead`` a step already starts computing the tokens after those that it returns, so that a GPU never waits
    for Python; the tokens are the same. Without it a step returns the tokens that it samples. ``together``: whether the
    model supports batching. ``pass_tokens``, ``ragged``, ``margin``: see SubBatches. ``proposer``: proposes draft
    tokens for speculative decoding, up to ``margin`` for a sequence, which needs caches that can go back; a step may
    then return several tokens of a sequence.
    """

    def __init__(
        self,
        model: Any,
        lookahead: bool,
        together: bool,
        pass_tokens: int = PASS_TOKENS,
        proposer: Proposer | None = None,
        ragged: bool = False,
        margin: int = 0,
    ):
        self._model = model
        self._lookahead = lookahead
        self._joining: list[Sequence] = []
        self._sequences: list[Sequence] = []
        self._caches: SequenceCaches = SubBatches(pass_tokens, ragged, margin=margin) if together else SeparateCaches()
        self._verification = Verification(self._caches)
        self._proposer = proposer if together else None
        # Draft tokens of the next step, once made.
        self._drafts: DraftTokens | None = None
        # If the last step verified draft tokens: of the tokens that each sequence was fed, how many were kept.
        self.taken: list[int] | None = None
        # Of the last step: (task, draft tokens, accepted ones).
        self.verified: list[tuple[str, int, int]] = []
        # The next token of each sequence. Of those that have not just joined also the log probabilities of that token,
        # (batch, vocabulary), and whether its logits were finite, (batch,).
        self._next: mx.array | None = None
        self._logprobs: mx.array | None = None
        self._finite: mx.array | None = None
        self._sampler = BatchSampler()
        self._steps = 0

    def __len__(self) -> int:
        return len(self._sequences) + len(self._joining)

    @property
    def nbytes(self) -> int:
        """Bytes of all sequences' caches."""
        joining = sum(layer.nbytes for sequence in self._joining for layer in sequence.cache)
        return joining + self._caches.nbytes

    def held(self) -> list[tuple[int, int]]:
        """Returns for each pass the number of sequences, and the tokens of the longest, to which they are padded."""
        return [*((1, len(sequence.tokens)) for sequence in self._joining), *self._caches.held()]

    @property
    def free_tokens(self) -> int:
        """See SequenceCaches."""
        return self._caches.free_tokens

    def release(self) -> None:
        """See SequenceCaches."""
        self._caches.release()

    def limit_padding(self, spare_tokens: int) -> None:
        """See SubBatches."""
        self._caches.limit_padding(spare_tokens)

    def join(self, sequence: Sequence) -> None:
        """Adds a sequence at the next step."""
        self._joining.append(sequence)

    def leave(self, task_ids: Several[str]) -> list[Sequence]:
        """Removes sequences and returns them; their ``cache`` holds the KV of their ``tokens`` again."""
        left = {sequence.task_id: sequence for sequence in self._joining if sequence.task_id in task_ids}
        self._joining = [sequence for sequence in self._joining if sequence.task_id not in left]
        staying = []
        for at, sequence in enumerate(self._sequences):
            if sequence.task_id in task_ids:
                sequence.cache = self._caches.extract(at)
                left[sequence.task_id] = sequence
            else:
                staying.append(at)
        self._keep(staying)
        if self._proposer is not None:
            self._proposer.forget(left.values())
        return [left[task_id] for task_id in task_ids]

    def with_more(self, lengths: Several[int]) -> list[tuple[int, int]]:
        """Estimates ``held`` after sequences of these ``lengths`` have joined."""
        return self._caches.with_more([*(len(sequence.tokens) for sequence in self._joining), *lengths])

    def preempt(self, task_id: str) -> tuple[Sequence, SampledToken | None]:
        """Removes a sequence that will join again, with its latest sampled token as ``following``. With ``lookahead``
        that token was not returned by a step yet, so it is returned here."""
        following = None
        pending = self._pending() if self._lookahead else []
        drawn = next((one for one in pending if one.task_id == task_id), None)
        for at, sequence in enumerate(self._sequences):
            if sequence.task_id == task_id and self._next is not None:
                following = int(self._next[at].item())
        (sequence,) = self.leave([task_id])
        if following is not None:
            sequence.following = following
        return sequence, drawn

    def propose(self) -> DraftTokens:
        """Drafts tokens that the next step will verify, where that is expected to pay off."""
        width = len(self._sequences)
        self._drafts = {}
        if self._proposer is not None and self._next is not None and self._proposer.wants(width):
            firsts = zip(self._sequences, self._next.tolist(), strict=True)
            draftable = [(one, first) for one, first in firsts if one.answering and one.sampling.is_free]
            self._drafts = self._proposer.propose(draftable, width)
        return self._drafts

    def step(self) -> list[SampledToken]:
        """Runs a step. Returns the new tokens of every sequence that has any, in joining order."""
        proposed = self.propose() if self._drafts is None else self._drafts
        self._drafts = self.taken = None
        self.verified = []
        joined = self._admit()
        if self._next is None:
            return []
        began = time.perf_counter()
        drafts = [proposed.get(sequence.task_id, []) for sequence in self._sequences]
        if any(drafts):
            rows = [[first, *draft] for first, draft in zip(self._next.tolist(), drafts, strict=True)]
            new_tokens = self._verify(rows, began)
        else:
            new_tokens = self._plain(self._next)
            if self._proposer is not None and not joined:
                self._proposer.plain(len(self._sequences), time.perf_counter() - began)
        self._steps += 1
        if self._steps % STEPS_BETWEEN_CLEARINGS == 0:
            mx.clear_cache()
        return new_tokens

    def _plain(self, fed: mx.array) -> list[SampledToken]:
        # An error belongs to the token that is sampled with it: an answer may end with the one before.
        before = fed, self._logprobs, self._finite, [sequence.error for sequence in self._sequences]
        logits = self._caches.logits(self._model, fed)
        self._next, self._logprobs, self._finite = self._sample(logits, fed)
        mx.async_eval(self._next, self._finite)
        now = self._next, self._logprobs, self._finite, [sequence.error for sequence in self._sequences]
        drawn, logprobs, finite, errors = before if self._lookahead else now
        new_tokens = []
        if logprobs is not None and finite is not None:
            # Sequences that have just joined are last, and with lookahead have no sampled token yet.
            answering = zip(self._sequences, drawn.tolist(), finite.tolist(), errors, strict=False)
            new_tokens = [
                SampledToken(sequence.task_id, token, logprobs, at, sound, error)
                for at, (sequence, token, sound, error) in enumerate(answering)
                if sequence.answering or not self._lookahead
            ]
        for sequence, token in zip(self._sequences, fed.tolist(), strict=True):
            sequence.tokens.append(token)
            sequence.answering = True
        return new_tokens

    def _verify(self, rows: list[list[int]], began: float) -> list[SampledToken]:
        """Verifies draft tokens: feeds each sequence its token and draft, and accepts the draft up to the first token
        that differs from the sampled one."""
        # With lookahead the tokens that are fed first were not returned yet.
        new_tokens = self._pending() if self._lookahead else []
        logits = self._verification.feed(self._model, rows)
        width = logits.shape[1]
        rows_fed = [at * width + nth for at, row in enumerate(rows) for nth in range(len(row))]
        owners = [one for one, row in zip(self._sequences, rows, strict=True) for _ in row]
        fed = mx.array([token for row in rows for token in row], dtype=mx.uint32)
        drawn, logprobs, finite = self._sampler(owners, logits.reshape(-1, logits.shape[-1])[mx.array(rows_fed)], fed)
        tokens, sound = drawn.tolist(), finite.tolist()
        taken, lasts, start = [], [], 0
        for one, row in zip(self._sequences, rows, strict=True):
            accepted = count_accepted(row[1:], tokens[start:])
            returned = range(start, start + accepted + (0 if self._lookahead else 1))
            new_tokens += [SampledToken(one.task_id, tokens[at], logprobs, at, sound[at], one.error) for at in returned]
            if isinstance(one.sampling.sampler, SeededSampler):
                one.sampling.sampler.rewind(len(row) - accepted - 1)
            taken.append(accepted + 1)
            lasts.append(start + accepted)
            start += len(row)
        self._accept(rows, taken)
        last_rows = mx.array(lasts)
        self._next, self._logprobs, self._finite = (all_of[last_rows] for all_of in (drawn, logprobs, finite))
        self.taken = taken
        each = zip(self._sequences, rows, taken, strict=True)
        verified = [(one, len(row) - 1, count - 1) for one, row, count in each]
        self.verified = [(one.task_id, drafted, accepted) for one, drafted, accepted in verified]
        if self._proposer is not None:
            self._proposer.verified(verified, time.perf_counter() - began)
        return new_tokens

    def _accept(self, rows: list[list[int]], taken: Several[int]) -> None:
        """Accepts ``taken`` tokens of each row, and takes the rest back."""
        self._verification.accept(self._model, taken)
        for sequence, row, count in zip(self._sequences, rows, taken, strict=True):
            sequence.tokens += row[:count]
            sequence.answering = True

    def _pending(self) -> list[SampledToken]:
        """Returns the tokens that were sampled but not returned yet."""
        if self._next is None or self._logprobs is None or self._finite is None:
            return []
        # Sequences that have just joined are last, and have none.
        rows = zip(self._sequences, self._next.tolist(), self._finite.tolist(), strict=False)
        return [
            SampledToken(one.task_id, token, self._logprobs, at, sound, one.error)
            for at, (one, token, sound) in enumerate(rows)
            if one.answering
        ]

    def _admit(self) -> bool:
        """Adds the joining sequences. Returns whether there were any."""
        if not self._joining:
            return False
        self._caches.add([(sequence.cache, len(sequence.tokens)) for sequence in self._joining])
        following = mx.array([sequence.following for sequence in self._joining], dtype=mx.uint32)
        for sequence in self._joining:
            sequence.cache = []
        self._sequences += self._joining
        self._joining = []
        self._next = following if self._next is None else mx.concatenate([self._next, following])
        # Started now, so that reading the tokens does not wait for the logits computed from them.
        mx.async_eval(self._next)
        return True

    def _sample(self, logits: mx.array, fed: mx.array) -> tuple[mx.array, mx.array, mx.array]:
        """Samples: tokens (batch,), log probabilities (batch, vocabulary), and whether logits were finite (batch,). A
        follower, which does not sample, overrides this and ``_verify``."""
        return self._sampler(self._sequences, logits, fed)

    def _keep(self, staying: list[int]) -> None:
        if len(staying) == len(self._sequences):
            return
        self._sequences = [self._sequences[at] for at in staying]
        self._caches.keep(staying)
        if not staying or self._next is None or self._logprobs is None or self._finite is None:
            self._next = self._logprobs = self._finite = None
            return
        rows = mx.array(staying)
        self._next, self._logprobs, self._finite = self._next[rows], self._logprobs[rows], self._finite[rows]
