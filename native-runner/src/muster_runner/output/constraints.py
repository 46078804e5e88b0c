"""Constraints of answers: masks of the tokens that may come next.

A mask is computed on the CPU while the model computes the logits. Constraints exist only on the rank that samples.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, Protocol

import mlx.core as mx
import numpy as np

from muster_runner.output.grammars import bad_format, matcher
from muster_runner.tokenization.tokenizer import Tokenizer

# CPU time limit for the grammar of an answer, because the whole batch waits for it to find masks and to take tokens: a
# base, plus a share per token.
MASK_SECONDS = 1.0
MASK_SECONDS_PER_TOKEN = 0.01


class Constraint(Protocol):
    """The constraint of one answer."""

    def take(self, token: int) -> None:
        """Advances by ``token``."""
        ...

    def mask(self) -> np.ndarray | None:
        """Returns the bitmask of allowed tokens, lowest bit first in each uint32: (vocabulary / 32,). None allows
        all."""
        ...


class GrammarConstraint:
    """The grammar state of an answer. ``begins_after``: the token that ends reasoning; before it all is allowed."""

    def __init__(self, matcher: Any, begins_after: int | None):
        self._matcher = matcher
        self._begins_after = begins_after
        self._seconds_left = MASK_SECONDS

    def take(self, token: int) -> None:
        self._seconds_left += MASK_SECONDS_PER_TOKEN
        if self._begins_after is None:
            if not self._matcher.is_stopped():
                with self._limited():
                    self._matcher.consume_token(token)
        elif token == self._begins_after:
            self._begins_after = None

    def mask(self) -> np.ndarray | None:
        """Raises BadFormat if the grammar fails or exceeds its CPU time."""
        if self._begins_after is not None:
            return None
        with self._limited():
            bits = self._matcher.compute_bitmask()
        if self._matcher.is_error():
            raise bad_format(self._matcher.get_error())
        if self._seconds_left < 0:
            raise bad_format("finding the tokens that may come next takes too long; make it simpler")
        return np.frombuffer(bits, dtype=np.uint32)

    @contextmanager
    def _limited(self) -> Iterator[None]:
        """Counts the CPU time within."""
        began = time.thread_time()
        yield
        self._seconds_left -= time.thread_time() - began


class ThoughtLimit:
    """Limits the reasoning tokens of an answer: at the limit only the end token is allowed.

    ``marks``: the tokens that begin and end reasoning; ``begun``: the prompt has opened reasoning; ``left``: the limit
    for the whole answer; ``beside``: the other constraint of the answer, if any.
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
    """Sets the logits (batch, vocabulary) of forbidden tokens to minus infinity; None forbids nothing.

    numpy unpacks the bits in a tenth of the time that MLX takes on a CPU.
    """
    allowed = np.ones(logits.shape, dtype=np.bool_)
    for row, mask in zip(allowed, masks, strict=True):
        if mask is not None:
            # Logits are padded beyond the tokenizer's vocabulary: the padding is forbidden too.
            known = min(32 * mask.size, row.size)
            row[:known] = np.unpackbits(mask.view(np.uint8), count=known, bitorder="little")
            row[known:] = False
    return mx.where(mx.array(allowed), logits, mx.array(-mx.inf, dtype=logits.dtype))


class _TokenizerInterface:
    """The tokenizer interface that llguidance expects."""

    def __init__(self, tokenizer: Tokenizer):
        special, _ = tokenizer.added_tokens()
        self.eos_token_id = min(tokenizer.eos_token_ids, default=0)
        self.bos_token_id = None
        # In Python, one by one, so that other threads can run in between.
        self.tokens = [tokenizer.token_bytes(token) for token in range(tokenizer.vocabulary_size())]
        self.special_token_ids = [number for text in special if (number := tokenizer.token_number(text)) is not None]
        self._tokenizer = tokenizer

    def __call__(self, text: str) -> list[int]:
        return self._tokenizer.encode(text, templated=True)


class Vocabulary:
    """A model's vocabulary, prepared for grammars. For a large vocabulary that takes a second, so a separate thread
    does it while the model loads. Thread-safe."""

    def __init__(self, tokenizer: Tokenizer):
        self._tokens: Future[Any] = Future()
        threading.Thread(target=self._read, args=(tokenizer,), name="vocabulary", daemon=True).start()

    def _read(self, tokenizer: Tokenizer) -> None:
        try:
            from llguidance import LLTokenizer, TokenizerWrapper

            described = TokenizerWrapper(_TokenizerInterface(tokenizer))
            ends = sorted(tokenizer.eos_token_ids) or None
            # Slices precompute the tokens of common kinds of text. Without them a mask inside a string with a length
            # limit walks the whole vocabulary: 7 ms instead of 0.1 ms for 150,000 tokens.
            self._tokens.set_result(LLTokenizer(described, eos_token=ends, slices=LLTokenizer.general_slices()))
        except Exception as error:  # raised again by ``constraint``
            self._tokens.set_exception(error)

    def constraint(self, grammar: str, begins_after: int | None) -> Constraint:
        """Builds the constraint of a grammar, which must have passed a ``Trial``: compiling may never end. Raises
        BadFormat."""
        try:
            tokens = self._tokens.result()
        except Exception as error:  # the library may fail on the model's tokens
            raise bad_format(error) from error
        return GrammarConstraint(matcher(grammar, tokens), begins_after)
