"""Draws the next token of every sequence of a batch, all in one go.

What goes wrong with the settings of one sequence is noted there (``error``); the others are drawn as if nothing was.
"""

from collections.abc import Sequence as Several

import mlx.core as mx
import numpy as np
from mlx_lm.sample_utils import greedy_sampler

from muster_runner.constraints import masked
from muster_runner.penalties import KINDS
from muster_runner.sampling import draw_rows
from muster_runner.sequence import Sequence


class Draws:
    """Keeps what the sequences of a batch were fed last from one step to the next."""

    def __init__(self) -> None:
        self._ones: list[Sequence] = []
        self._contexts: mx.array | None = None

    def __call__(
        self, sequences: Several[Sequence], logits: mx.array, fed: mx.array
    ) -> tuple[mx.array, mx.array, mx.array]:
        """``logits`` (rows, vocabulary) after ``fed`` (rows,): a row for each sequence, or several of the only one.
        Tokens (rows,), log probabilities (rows, vocabulary), and whether the logits were numbers (rows,)."""
        computed = logits
        constrained = any(sequence.drawing.constraint for sequence in sequences)
        if constrained:
            # Masks are made below while the model computes the logits that they are laid over.
            mx.async_eval(logits)
        penalised = [at for at, sequence in enumerate(sequences) if sequence.drawing.processors]
        if penalised:
            logits = self._penalised(sequences, penalised, logits, fed)
        if constrained:
            # Read as a whole: a slice of it would be computed behind the logits, and the masks after the model.
            latest = fed.tolist()
            masks = [_mask(sequence, token) for sequence, token in zip(sequences, latest, strict=True)]
            logits = masked(logits, masks)
        # Not computed until somebody asks: the best token is the same without.
        logprobs = logits - mx.logsumexp(logits, axis=-1, keepdims=True)
        tokens = _drawn(sequences, logits, logprobs)
        # Where one layer computes no numbers there are none in the whole row, so one entry tells, and costs nothing.
        chosen = mx.take_along_axis(computed, tokens[:, None], axis=-1)[:, 0]
        return tokens.astype(mx.uint32), logprobs, mx.isfinite(chosen)

    def _penalised(self, sequences: Several[Sequence], rows: list[int], logits: mx.array, fed: mx.array) -> mx.array:
        # An array of its own, which is written into below.
        logits = mx.array(logits)
        ones = [sequences[at] for at in rows]
        contexts = self._context_rows(ones, fed if len(rows) == len(sequences) else fed[mx.array(rows)])
        for kind in KINDS:
            found = [
                (at, number, processor)
                for number, (at, one) in enumerate(zip(rows, ones, strict=True))
                for processor in one.drawing.processors
                if type(processor) is kind
            ]
            if not found:
                continue
            processors = [processor for _, _, processor in found]
            if len(found) == len(sequences):
                logits = kind.rows(processors, contexts, logits)
                continue
            places, numbers = (mx.array([one[which] for one in found]) for which in (0, 1))
            logits[places] = kind.rows(processors, contexts[numbers], logits[places])
        for number, (at, one) in enumerate(zip(rows, ones, strict=True)):
            for processor in one.drawing.processors:
                if type(processor) in KINDS:
                    continue
                try:
                    logits[at : at + 1] = processor(contexts[number], logits[at : at + 1])
                except Exception as error:
                    one.error = error
        return logits

    def _context_rows(self, ones: list[Sequence], fed: mx.array) -> mx.array:
        """The latest tokens of each, with the one that it was fed now: (rows, 256)."""
        before = self._contexts
        if before is None or self._ones != ones:
            known = {id(one): at for at, one in enumerate(self._ones)}
            before = mx.stack(
                [one.context if before is None or id(one) not in known else before[known[id(one)]] for one in ones]
            )
        self._ones, self._contexts = ones, mx.concatenate([before[:, 1:], fed[:, None]], axis=1)
        return self._contexts


def _drawn(sequences: Several[Sequence], logits: mx.array, logprobs: mx.array) -> mx.array:
    samplers = [sequence.drawing.sampler for sequence in sequences]
    if all(sampler is samplers[0] for sampler in samplers):
        try:
            return samplers[0](logits if samplers[0] is greedy_sampler else logprobs)
        except Exception as error:
            for sequence in sequences:
                sequence.error = error
            return greedy_sampler(logits)
    if (tokens := draw_rows(samplers, logprobs)) is not None:
        return tokens
    rows = [_sampled(sequence, logprobs[at : at + 1]) for at, sequence in enumerate(sequences)]
    return mx.concatenate(rows, axis=0)


def _sampled(sequence: Sequence, logprobs: mx.array) -> mx.array:
    try:
        return sequence.drawing.sampler(logprobs)
    except Exception as error:
        sequence.error = error
        return greedy_sampler(logprobs)


def _mask(sequence: Sequence, latest: int) -> np.ndarray | None:
    """Which tokens may follow ``latest``, the one that the sequence was fed; None allows all."""
    constraint = sequence.drawing.constraint
    if constraint is None:
        return None
    try:
        # The first token that is fed ends the prompt.
        if sequence.answering:
            constraint.take(latest)
        return constraint.mask()
    except Exception as error:
        sequence.error = error
        return None
