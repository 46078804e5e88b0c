"""The batch of requests that get one token a step."""

import time
from collections.abc import Sequence as Several
from typing import Any

import mlx.core as mx

from muster_runner.draws import Draws
from muster_runner.guessing import Guesser, Guesses
from muster_runner.sampling import SeededSampler
from muster_runner.sequence import Drawn, Sequence
from muster_runner.sequence_caches import SeparateCaches, SequenceCaches
from muster_runner.sub_batches import SubBatches

# Steps after which buffers of outgrown shapes are given back: caches grow with every token.
STEPS_BETWEEN_CLEARINGS = 512
# What a pass costs beside its tokens, counted in tokens, where nobody has measured it.
PASS_TOKENS = 4096


class DecodingBatch:
    """Feeds each sequence its latest token and draws the next.

    With ``lookahead`` a step starts on the tokens after the ones that it returns, so that a graphics processor never
    waits for Python; the tokens are the same. Without it a token is returned by the step that draws it. ``together``:
    whether the model can compute several sequences in one pass. ``pass_tokens``: see SubBatches. ``guesser``: guesses
    next tokens, which are fed along; the caches must be ones that can be cut back. Then a step may return several
    tokens of a sequence.
    """

    def __init__(
        self,
        model: Any,
        lookahead: bool,
        together: bool,
        pass_tokens: int = PASS_TOKENS,
        guesser: Guesser | None = None,
    ):
        self._model = model
        self._lookahead = lookahead
        self._joining: list[Sequence] = []
        self._sequences: list[Sequence] = []
        self._caches: SequenceCaches = SubBatches(pass_tokens) if together else SeparateCaches()
        self._guesser = guesser if together else None
        # Of the next step, once they are made.
        self._guesses: Guesses | None = None
        # Of each sequence, how many tokens the last step took, if it was fed guesses.
        self.taken: list[int] | None = None
        self._next: mx.array | None = None
        self._logprobs: mx.array | None = None
        self._finite: mx.array | None = None
        self._draws = Draws()
        self._steps = 0

    def __len__(self) -> int:
        return len(self._sequences) + len(self._joining)

    @property
    def nbytes(self) -> int:
        """Bytes of all sequences' caches."""
        joining = sum(layer.nbytes for sequence in self._joining for layer in sequence.cache)
        return joining + self._caches.nbytes

    def held(self) -> list[tuple[int, int]]:
        """Of each pass: how many sequences it has, and tokens of the longest, to which the others are padded."""
        return [*((1, len(sequence.tokens)) for sequence in self._joining), *self._caches.held()]

    def join(self, sequence: Sequence) -> None:
        """From the next step on."""
        self._joining.append(sequence)

    def leave(self, task_ids: Several[str]) -> list[Sequence]:
        """Takes sequences out; their ``cache`` holds their ``tokens`` again."""
        gone = {sequence.task_id: sequence for sequence in self._joining if sequence.task_id in task_ids}
        self._joining = [sequence for sequence in self._joining if sequence.task_id not in gone]
        stay = []
        for at, sequence in enumerate(self._sequences):
            if sequence.task_id in task_ids:
                sequence.cache = self._caches.extract(at)
                gone[sequence.task_id] = sequence
            else:
                stay.append(at)
        self._keep(stay)
        return [gone[task_id] for task_id in task_ids]

    def with_more(self, lengths: Several[int]) -> list[tuple[int, int]]:
        """What ``held`` will give about when sequences of so many tokens have joined."""
        return self._caches.with_more([*(len(sequence.tokens) for sequence in self._joining), *lengths])

    def preempt(self, task_id: str) -> tuple[Sequence, Drawn | None]:
        """Takes a sequence out that is to join again, with the token that was drawn last as its ``following``. Where
        steps overlap nobody has been told of that token yet: it is told here."""
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

    def guess(self) -> Guesses:
        """Guesses what the next step is fed beside the sequences' latest tokens, where that may pay."""
        width = len(self._sequences)
        self._guesses = {}
        if self._guesser is not None and self._next is not None and self._guesser.wants(width):
            firsts = zip(self._sequences, self._next.tolist(), strict=True)
            ones = [(one, first) for one, first in firsts if one.answering and one.drawing.is_free]
            self._guesses = self._guesser.guess(ones, width)
        return self._guesses

    def step(self) -> list[Drawn]:
        """A token for every sequence that has one by now, in the order in which they joined."""
        guesses = self.guess() if self._guesses is None else self._guesses
        self._guesses = self.taken = None
        joined = self._admit()
        if self._next is None:
            return []
        began = time.perf_counter()
        here = [guesses.get(sequence.task_id, []) for sequence in self._sequences]
        if any(here):
            rows = [[first, *guess] for first, guess in zip(self._next.tolist(), here, strict=True)]
            news = self._verify(rows, began)
        else:
            news = self._plain(self._next)
            if self._guesser is not None and not joined:
                self._guesser.plain(len(self._sequences), time.perf_counter() - began)
        self._steps += 1
        if self._steps % STEPS_BETWEEN_CLEARINGS == 0:
            mx.clear_cache()
        return news

    def _plain(self, fed: mx.array) -> list[Drawn]:
        before = fed, self._logprobs, self._finite
        logits = self._caches.logits(self._model, fed)
        self._next, self._logprobs, self._finite = self._draw(logits, fed)
        mx.async_eval(self._next, self._finite)
        drawn, logprobs, finite = before if self._lookahead else (self._next, self._logprobs, self._finite)
        news = []
        if logprobs is not None and finite is not None:
            # Those that have just joined are the last, and have nothing drawn yet where steps overlap.
            answering = zip(self._sequences, drawn.tolist(), finite.tolist(), strict=False)
            news = [
                Drawn(sequence.task_id, token, logprobs[at], sound, sequence.error)
                for at, (sequence, token, sound) in enumerate(answering)
                if sequence.answering or not self._lookahead
            ]
        for sequence, token in zip(self._sequences, fed.tolist(), strict=True):
            sequence.tokens.append(token)
            sequence.answering = True
        return news

    def _verify(self, rows: list[list[int]], began: float) -> list[Drawn]:
        """Feeds each sequence its token and guesses of those after it, and takes what it would have drawn itself."""
        # Where steps overlap nobody has been told of the tokens that are fed first.
        news = self._pending() if self._lookahead else []
        logits = self._several(rows)
        width = logits.shape[1]
        places = [at * width + nth for at, row in enumerate(rows) for nth in range(len(row))]
        owners = [one for one, row in zip(self._sequences, rows, strict=True) for _ in row]
        fed = mx.array([token for row in rows for token in row], dtype=mx.uint32)
        drawn, logprobs, finite = self._draws(owners, logits.reshape(-1, logits.shape[-1])[mx.array(places)], fed)
        tokens, sound = drawn.tolist(), finite.tolist()
        taken, lasts, start = [], [], 0
        for one, row in zip(self._sequences, rows, strict=True):
            right = next((at for at, guess in enumerate(row[1:]) if guess != tokens[start + at]), len(row) - 1)
            told = range(start, start + right + (0 if self._lookahead else 1))
            news += [Drawn(one.task_id, tokens[at], logprobs[at], sound[at], one.error) for at in told]
            if isinstance(one.drawing.sampler, SeededSampler):
                one.drawing.sampler.rewind(len(row) - right - 1)
            taken.append(right + 1)
            lasts.append(start + right)
            start += len(row)
        self._take(rows, taken)
        places_of_last = mx.array(lasts)
        self._next, self._logprobs, self._finite = (all_of[places_of_last] for all_of in (drawn, logprobs, finite))
        self.taken = taken
        if self._guesser is not None:
            each = zip(self._sequences, rows, taken, strict=True)
            ones = [(one, len(row) - 1, count - 1) for one, row, count in each]
            self._guesser.guessed(ones, time.perf_counter() - began)
        return news

    def _several(self, rows: list[list[int]]) -> mx.array:
        """The logits after each token of each row (sequences, tokens, vocabulary), of shorter rows and some more."""
        width = max(map(len, rows))
        padded = mx.array([[*row, *[0] * (width - len(row))] for row in rows], dtype=mx.uint32)
        return self._caches.several(self._model, padded)

    def _take(self, rows: list[list[int]], taken: Several[int]) -> None:
        """Takes back what was fed and is not to count: so many tokens of each row do."""
        width = max(map(len, rows))
        self._caches.trim([width - count for count in taken])
        for sequence, row, count in zip(self._sequences, rows, taken, strict=True):
            sequence.tokens += row[:count]
            sequence.answering = True

    def _pending(self) -> list[Drawn]:
        """What has been drawn and not been told."""
        if self._next is None or self._logprobs is None or self._finite is None:
            return []
        # Those that have just joined are the last, and have none.
        rows = zip(self._sequences, self._next.tolist(), self._logprobs, self._finite.tolist(), strict=False)
        return [Drawn(one.task_id, token, row, sound, one.error) for one, token, row, sound in rows if one.answering]

    def _admit(self) -> bool:
        """Whether any sequence joined."""
        if not self._joining:
            return False
        self._caches.add([sequence.cache for sequence in self._joining])
        following = mx.array([sequence.following for sequence in self._joining], dtype=mx.uint32)
        for sequence in self._joining:
            sequence.cache = []
        self._sequences += self._joining
        self._joining = []
        self._next = following if self._next is None else mx.concatenate([self._next, following])
        # Now, so that whoever reads the tokens does not wait for the logits that are computed of them.
        mx.async_eval(self._next)
        return True

    def _draw(self, logits: mx.array, fed: mx.array) -> tuple[mx.array, mx.array, mx.array]:
        """Tokens (batch,), log probabilities (batch, vocabulary), and whether the logits were numbers (batch,)."""
        return self._draws(self._sequences, logits, fed)

    def _keep(self, stay: list[int]) -> None:
        if len(stay) == len(self._sequences):
            return
        self._sequences = [self._sequences[at] for at in stay]
        self._caches.keep(stay)
        if not stay or self._next is None or self._logprobs is None or self._finite is None:
            self._next = self._logprobs = self._finite = None
            return
        rows = mx.array(stay)
        self._next, self._logprobs, self._finite = self._next[rows], self._logprobs[rows], self._finite[rows]
