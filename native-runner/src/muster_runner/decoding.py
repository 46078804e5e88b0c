"""The batch of requests that get one token a step."""

import time
from collections.abc import Sequence as Several
from typing import Any

import mlx.core as mx

from muster_runner.draws import Draws
from muster_runner.sampling import SeededSampler
from muster_runner.sequence import Drawn, Sequence
from muster_runner.sequence_caches import SeparateCaches, SequenceCaches
from muster_runner.speculation import Payoff
from muster_runner.sub_batches import SubBatches
from muster_runner.vision.keys import before_pictures

# Steps after which buffers of outgrown shapes are given back: caches grow with every token.
STEPS_BETWEEN_CLEARINGS = 512
# What a pass costs beside its tokens, counted in tokens, where nobody has measured it.
PASS_TOKENS = 4096


class DecodingBatch:
    """Feeds each sequence its latest token and draws the next.

    With ``lookahead`` a step starts on the tokens after the ones that it returns, so that a graphics processor never
    waits for Python; the tokens are the same. Without it a token is returned by the step that draws it. ``together``:
    whether the model can compute several sequences in one pass. ``pass_tokens``: see SubBatches. ``speculates``: a
    sequence that is alone is fed guesses of its next tokens (``speculation.py``); its caches must be ones that can be
    cut back. Then a step may return several tokens of it.
    """

    def __init__(
        self, model: Any, lookahead: bool, together: bool, pass_tokens: int = PASS_TOKENS, speculates: bool = False
    ):
        self._model = model
        self._lookahead = lookahead
        self._joining: list[Sequence] = []
        self._sequences: list[Sequence] = []
        self._caches: SequenceCaches = SubBatches(pass_tokens) if together else SeparateCaches()
        self._payoff = Payoff() if speculates and together else None
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

    def step(self) -> list[Drawn]:
        """A token for every sequence that has one by now, in the order in which they joined."""
        self._admit()
        if self._next is None:
            return []
        began = time.perf_counter()
        if (draft := self._draft(self._next)) is not None:
            return self._speculate(*draft, began)
        before = fed, _, _ = self._next, self._logprobs, self._finite
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
        if self._payoff is not None and len(self._sequences) == 1 and self._steps > 0:
            self._payoff.plain(time.perf_counter() - began)
        self._steps += 1
        if self._steps % STEPS_BETWEEN_CLEARINGS == 0:
            mx.clear_cache()
        return news

    def _draft(self, following: mx.array) -> tuple[int, list[int]] | None:
        """The token that the only sequence is fed next, and a guess of those after it, where that may pay."""
        if self._payoff is None or len(self._sequences) != 1 or not self._payoff.wants():
            return None
        (sequence,) = self._sequences
        if not sequence.answering or sequence.drawing.processors or sequence.drawing.constraint:
            return None
        first = int(following.item())
        guess = before_pictures(sequence.lookup.draft([*sequence.tokens, first], self._payoff.length))
        return (first, guess) if guess else None

    def _speculate(self, first: int, guess: list[int], began: float) -> list[Drawn]:
        assert self._payoff is not None and isinstance(self._caches, SubBatches)
        (sequence,) = self._sequences
        # Where steps overlap nobody has been told of the token that is fed first.
        news = self._pending() if self._lookahead else []
        fed = mx.array([first, *guess], dtype=mx.uint32)
        drawn, logprobs, finite = self._draw(self._caches.several(self._model, fed), fed)
        tokens, sound = drawn.tolist(), finite.tolist()
        came_true = next((at for at, token in enumerate(guess) if token != tokens[at]), len(guess))
        count = came_true + 1
        if (wrong := len(tokens) - count) > 0:
            self._caches.trim(wrong)
            if isinstance(sequence.drawing.sampler, SeededSampler):
                sequence.drawing.sampler.rewind(wrong)
        sequence.tokens += [first, *guess[:came_true]]
        sequence.lookup.taken(count)
        self._next, self._logprobs, self._finite = (rows[count - 1 : count] for rows in (drawn, logprobs, finite))
        for at in range(count - 1 if self._lookahead else count):
            news.append(Drawn(sequence.task_id, tokens[at], logprobs[at], sound[at], sequence.error))
        self._payoff.guessed(len(guess), count, time.perf_counter() - began)
        return news

    def _pending(self) -> list[Drawn]:
        """What has been drawn and not been told."""
        if self._next is None or self._logprobs is None or self._finite is None:
            return []
        rows = zip(self._sequences, self._next.tolist(), self._logprobs, self._finite.tolist(), strict=True)
        return [Drawn(one.task_id, token, row, sound, one.error) for one, token, row, sound in rows if one.answering]

    def _admit(self) -> None:
        if not self._joining:
            return
        self._caches.add([sequence.cache for sequence in self._joining])
        following = mx.array([sequence.following for sequence in self._joining], dtype=mx.uint32)
        for sequence in self._joining:
            sequence.cache = []
        self._sequences += self._joining
        self._joining = []
        self._next = following if self._next is None else mx.concatenate([self._next, following])
        # Now, so that whoever reads the tokens does not wait for the logits that are computed of them.
        mx.async_eval(self._next)

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
