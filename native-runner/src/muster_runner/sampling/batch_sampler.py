"""Samples the next token of every sequence of a batch, in one pass.

An error in the settings of one sequence is stored in its ``error``; the other sequences are not affected.
"""

from collections.abc import Sequence as Several

import mlx.core as mx
import numpy as np
from mlx_lm.sample_utils import greedy_sampler

from muster_runner.engine.sequence import Sequence
from muster_runner.output.constraints import masked
from muster_runner.sampling.penalties import KINDS
from muster_runner.sampling.sampling import draw_rows


class BatchSampler:
    """Samples for a batch, and keeps the recent tokens of its sequences between steps, for penalties."""

    def __init__(self) -> None:
        self._cached_sequences: list[Sequence] = []
        self._contexts: mx.array | None = None

    def __call__(
        self, sequences: Several[Sequence], logits: mx.array, fed: mx.array
    ) -> tuple[mx.array, mx.array, mx.array]:
        """Samples from ``logits`` (rows, vocabulary), computed after ``fed`` (rows,): a row per sequence, or several
        rows of a single sequence. Returns tokens (rows,), log probabilities (rows, vocabulary), and whether the logits
        were finite (rows,)."""
        computed = logits
        constrained = any(sequence.sampling.constraint for sequence in sequences)
        if constrained:
            # The masks are built below on the CPU while the model computes the logits.
            mx.async_eval(logits)
        penalised = [at for at, sequence in enumerate(sequences) if sequence.sampling.processors]
        if penalised:
            logits = self._penalised(sequences, penalised, logits, fed)
        if constrained:
            # Read unsliced: slicing would queue behind the logits, and delay the masks until the model is done.
            latest = fed.tolist()
            masks = [_mask(sequence, token) for sequence, token in zip(sequences, latest, strict=True)]
            logits = masked(logits, masks)
        # Lazy: greedy sampling does not need them.
        logprobs = logits - mx.logsumexp(logits, axis=-1, keepdims=True)
        tokens = _sample_batch(sequences, logits, logprobs)
        # A NaN or infinity in any layer spreads to the whole row, so checking one entry is enough, and cheap.
        chosen = mx.take_along_axis(computed, tokens[:, None], axis=-1)[:, 0]
        return tokens.astype(mx.uint32), logprobs, mx.isfinite(chosen)

    def _penalised(self, sequences: Several[Sequence], rows: list[int], logits: mx.array, fed: mx.array) -> mx.array:
        # A copy, because it is written in place below.
        logits = mx.array(logits)
        penalised_sequences = [sequences[at] for at in rows]
        contexts = self._context_rows(penalised_sequences, fed if len(rows) == len(sequences) else fed[mx.array(rows)])
        for kind in KINDS:
            found = [
                (at, number, processor)
                for number, (at, each) in enumerate(zip(rows, penalised_sequences, strict=True))
                for processor in each.sampling.processors
                if type(processor) is kind
            ]
            if not found:
                continue
            processors = [processor for _, _, processor in found]
            if len(found) == len(sequences):
                logits = kind.rows(processors, contexts, logits)
                continue
            places, numbers = (mx.array([each[which] for each in found]) for which in (0, 1))
            logits[places] = kind.rows(processors, contexts[numbers], logits[places])
        for number, (at, each) in enumerate(zip(rows, penalised_sequences, strict=True)):
            for processor in each.sampling.processors:
                if type(processor) in KINDS:
                    continue
                try:
                    logits[at : at + 1] = processor(contexts[number], logits[at : at + 1])
                except Exception as error:
                    each.error = error
        return logits

    def _context_rows(self, penalised_sequences: list[Sequence], fed: mx.array) -> mx.array:
        """Returns the latest tokens of each sequence, including ``fed``: (rows, 256)."""
        before = self._contexts
        if before is None or self._cached_sequences != penalised_sequences:
            known = {id(each): at for at, each in enumerate(self._cached_sequences)}
            before = mx.stack(
                [
                    each.context if before is None or id(each) not in known else before[known[id(each)]]
                    for each in penalised_sequences
                ]
            )
        self._cached_sequences, self._contexts = (
            penalised_sequences,
            mx.concatenate([before[:, 1:], fed[:, None]], axis=1),
        )
        # In every step: a logit bias reads no context, and each step would add to what is still to be computed.
        mx.async_eval(self._contexts)
        return self._contexts


def _sample_batch(sequences: Several[Sequence], logits: mx.array, logprobs: mx.array) -> mx.array:
    samplers = [sequence.sampling.sampler for sequence in sequences]
    if all(sampler is samplers[0] for sampler in samplers):
        try:
            return samplers[0](logits if samplers[0] is greedy_sampler else logprobs)
        except Exception as error:
            for sequence in sequences:
                sequence.error = error
            return greedy_sampler(logits)
    if (tokens := draw_rows(samplers, logprobs)) is not None:
        return tokens
    rows = [_sample_one(sequence, logprobs[at : at + 1]) for at, sequence in enumerate(sequences)]
    return mx.concatenate(rows, axis=0)


def _sample_one(sequence: Sequence, logprobs: mx.array) -> mx.array:
    try:
        return sequence.sampling.sampler(logprobs)
    except Exception as error:
        sequence.error = error
        return greedy_sampler(logprobs)


def _mask(sequence: Sequence, latest: int) -> np.ndarray | None:
    """Returns the tokens allowed after ``latest``, the token just fed; None allows all."""
    constraint = sequence.sampling.constraint
    if constraint is None:
        return None
    try:
        # The first token fed is the last of the prompt, not part of the answer.
        if sequence.answering:
            constraint.take(latest)
        return constraint.mask()
    except Exception as error:
        sequence.error = error
        return None
