"""What answers are held to: which tokens may come next.

A mask is computed on the processor while the model computes the logits that it is laid over. Constraints stand on the
rank that draws tokens and on no other.
"""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any, Protocol

import mlx.core as mx
import numpy as np

from muster_runner.grammars import bad_format, matcher
from muster_runner.tokenizer import Tokenizer

# Processor time that the masks of one answer may take: everybody else's tokens wait for it.
MASK_SECONDS = 1.0
MASK_SECONDS_PER_TOKEN = 0.01


class Constraint(Protocol):
    """What one answer is held to, token by token."""

    def take(self, token: int) -> None:
        """The answer goes on with ``token``."""
        ...

    def mask(self) -> np.ndarray | None:
        """Bits of the tokens that may come next, lowest first in each uint32: (vocabulary / 32,). None allows all."""
        ...


class GrammarConstraint:
    """The state of one answer's grammar. ``begins_after``: the token that ends a thought; up to then all is allowed."""

    def __init__(self, matcher: Any, begins_after: int | None):
        self._matcher = matcher
        self._begins_after = begins_after
        self._seconds_left = MASK_SECONDS

    def take(self, token: int) -> None:
        self._seconds_left += MASK_SECONDS_PER_TOKEN
        if self._begins_after is None:
            if not self._matcher.is_stopped():
                self._matcher.consume_token(token)
        elif token == self._begins_after:
            self._begins_after = None

    def mask(self) -> np.ndarray | None:
        """Raises BadFormat where the grammar turns out to be too much: the answer is then held to nothing."""
        if self._begins_after is not None:
            return None
        began = time.thread_time()
        bits = self._matcher.compute_bitmask()
        self._seconds_left -= time.thread_time() - began
        if self._matcher.is_error():
            raise bad_format(self._matcher.get_error())
        if self._seconds_left < 0:
            raise bad_format("finding the tokens that may come next takes too long; make it simpler")
        return np.frombuffer(bits, dtype=np.uint32)


class ThoughtLimit:
    """Ends a thought that has become as long as it may.

    ``marks``: the tokens that begin and end one; ``begun``: whether the prompt has begun it; ``left``: tokens of
    thought in the whole answer; ``beside``: what else the answer is held to.
    """

    def __init__(self, marks: tuple[int, int], *, begun: bool, left: int, beside: Constraint | None):
        self._start, self._end = marks
        self._thinking = begun
        self._left = left
        self._beside = beside
        self._only_end = np.zeros(self._end // 32 + 1, dtype=np.uint32)
        self._only_end[-1] = np.uint32(1) << np.uint32(self._end % 32)

    def take(self, token: int) -> None:
        if self._thinking:
            self._left -= 1
            self._thinking = token != self._end
        else:
            self._thinking = token == self._start
        if self._beside is not None:
            self._beside.take(token)

    def mask(self) -> np.ndarray | None:
        if self._thinking and self._left <= 0:
            return self._only_end
        return None if self._beside is None else self._beside.mask()


def masked(logits: mx.array, masks: Sequence[np.ndarray | None]) -> mx.array:
    """Logits (batch, vocabulary) with everything that its row's mask forbids at minus infinity; None forbids nothing.

    The bits are unpacked by numpy, in a tenth of the time that MLX takes for it on a processor.
    """
    allowed = np.ones(logits.shape, dtype=np.bool_)
    for row, mask in zip(allowed, masks, strict=True):
        if mask is not None:
            # Vocabularies are padded beyond what the tokenizer knows: those tokens are forbidden too.
            known = min(32 * mask.size, row.size)
            row[:known] = np.unpackbits(mask.view(np.uint8), count=known, bitorder="little")
            row[known:] = False
    return mx.where(mx.array(allowed), logits, mx.array(-mx.inf, dtype=logits.dtype))


class _Described:
    """What llguidance asks of a tokenizer."""

    def __init__(self, tokenizer: Tokenizer):
        special, _ = tokenizer.added_tokens()
        self.eos_token_id = min(tokenizer.eos_token_ids, default=0)
        self.bos_token_id = None
        # One by one, so that other threads come to their turn in between.
        self.tokens = [tokenizer.token_bytes(token) for token in range(tokenizer.vocabulary_size())]
        self.special_token_ids = [number for text in special if (number := tokenizer.token_number(text)) is not None]
        self._tokenizer = tokenizer

    def __call__(self, text: str) -> list[int]:
        return self._tokenizer.encode(text, templated=True)


class Vocabulary:
    """One model's tokens, for grammars. Reads them in a thread of its own, which takes a second for a large
    vocabulary: begun while the model loads, it holds up nobody's answer. Thread-safe."""

    def __init__(self, tokenizer: Tokenizer):
        self._tokens: Future[Any] = Future()
        threading.Thread(target=self._read, args=(tokenizer,), name="vocabulary", daemon=True).start()

    def _read(self, tokenizer: Tokenizer) -> None:
        try:
            from llguidance import LLTokenizer, TokenizerWrapper

            described = TokenizerWrapper(_Described(tokenizer))
            ends = sorted(tokenizer.eos_token_ids) or None
            # Slices are kinds of text whose tokens are found once, now. Without them a mask inside a string of limited
            # length, as schemas have them, walks the whole vocabulary: 7 ms instead of 0.1 ms for one of 150,000.
            self._tokens.set_result(LLTokenizer(described, eos_token=ends, slices=LLTokenizer.general_slices()))
        except Exception as error:  # whoever asks for a constraint is told
            self._tokens.set_exception(error)

    def constraint(self, grammar: str, begins_after: int | None) -> Constraint:
        """Raises BadFormat. A grammar that no ``Trial`` has been through may take for ever."""
        try:
            tokens = self._tokens.result()
        except Exception as error:  # whatever its tokens do to the library
            raise bad_format(error) from error
        return GrammarConstraint(matcher(grammar, tokens), begins_after)
