"""Measures which batching and caching features each architecture of the installed mlx-lm supports; run as a program, it
writes the table.

The reference is a sequence computed alone, its prompt in one pass and its answer token by token. The features are
defined in ``muster_runner/model/architectures.py``.
"""

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import mlx.core as mx
from mlx_lm.models.cache import can_trim_prompt_cache, make_prompt_cache, trim_prompt_cache
from mlx_lm.utils import MODEL_ARCHITECTURE_REMAPPING, MODEL_REMAPPING
from tiny_architectures import configurations, made, names

from muster_runner.cache.cache_layers import can_rewind
from muster_runner.cache.ragged_layer import has_ragged_layers
from muster_runner.cache.split_modules import split_modules
from muster_runner.engine.decoding import PASS_TOKENS, DecodingBatch
from muster_runner.engine.prefill import Prefill, complete
from muster_runner.engine.sequence import Sequence
from muster_runner.engine.sub_batches import SubBatches
from muster_runner.engine.verification import Verification
from muster_runner.model.architectures import TABLE
from muster_runner.model.pipeline import ARCHITECTURES
from muster_runner.sampling.sampling import GREEDY

# Relative to the largest logit. A wrong position or mask makes a difference of 0.1 to 1, another order of summing one
# of 1e-6.
TOLERANCE = 1e-3

# Shorter and longer than any window, unsorted; one is a prefix of another.
PROMPTS = [
    [11, 7, 3],
    [5, 40, 9, 21, 33, 17, 2, 50, 8],
    [44],
    [5, 40, 9, 21, 33, 17, 2, 50, 8, 19, 23, 31, 4, 6],
]
SHORT, LONG = PROMPTS[0], PROMPTS[3]
# The tokens fed after a prompt, whatever the model would sample: equal logits imply equal samples.
ANSWER = [30, 14, 52, 22, 3, 47, 18]


class Different(Exception):
    """A result differs from that of the sequence alone."""


@dataclass(frozen=True)
class Alone:
    """A prompt, and the logits (answer, vocabulary) after it and after each token of the answer but the last."""

    prompt: list[int]
    logits: mx.array


def continued(model: Any, cache: list[Any], tokens: list[int]) -> mx.array:
    """The logits (vocabulary,) after ``tokens``."""
    return model(mx.array([tokens]), cache=cache)[0, -1].astype(mx.float32)


def computed(model: Any, tokens: list[int], step: int = 1 << 10) -> list[Any]:
    """The cache of ``tokens``, computed ``step`` at a time."""
    prefill = Prefill([*tokens, 0], make_prompt_cache(model), 0)
    while prefill.remaining:
        prefill.advance(model, step)
    return prefill.cache


def alone(model: Any, prompt: list[int]) -> Alone:
    cache = make_prompt_cache(model)
    if prompt[:-1]:
        # As mlx-lm itself does.
        model(mx.array([prompt[:-1]]), cache=cache)
    return Alone(prompt, mx.stack([continued(model, cache, [token]) for token in (prompt[-1], *ANSWER[:-1])]))


def compare(got: mx.array, expected: mx.array) -> None:
    """Raises Different."""
    # Some models forbid tokens.
    allowed = mx.isfinite(expected)
    difference = mx.max(mx.where(allowed, mx.abs(got - expected), 0))
    largest = mx.max(mx.where(allowed, mx.abs(expected), 0))
    alike = (difference <= TOLERANCE * largest) & mx.all(mx.isfinite(got) == allowed)
    if not alike.item():
        raise Different(f"the logits differ by {difference.item():.3g} where the largest is {largest.item():.3g}")


def goes_on(model: Any, cache: list[Any], done: int, one: Alone, count: int = 2) -> None:
    """Continues a cache of the first ``done`` tokens of a prompt and its answer. Raises Different."""
    tokens = one.prompt + ANSWER
    rows = [continued(model, cache, tokens[done : len(one.prompt)])]
    rows += [continued(model, cache, [token]) for token in ANSWER[: count - 1]]
    compare(mx.stack(rows), one.logits[:count])


def chunk(model: Any, ones: list[Alone]) -> None:
    goes_on(model, computed(model, LONG[:-1], 5), len(LONG) - 1, ones[3])


def resume(model: Any, ones: list[Alone]) -> None:
    for at in (2, len(LONG) - 3):
        kept = computed(model, LONG[:at])
        first, second = deepcopy(kept), deepcopy(kept)
        goes_on(model, first, at, ones[3], 1)
        goes_on(model, make_prompt_cache(model), 0, ones[1], 1)
        goes_on(model, second, at, ones[3])


def trim(model: Any, _ones: list[Alone]) -> None:
    """Trims to any length, unless the cache is not trimmable any more."""
    ever = False
    for at, beyond in ((2, 2), (1, 7), (5, 9)):
        cache = computed(model, [*LONG[:at], *range(20, 20 + beyond)], 4)
        if can_trim_prompt_cache(cache):
            ever = True
            trim_prompt_cache(cache, beyond)
            expected = continued(model, make_prompt_cache(model), LONG)
            compare(continued(model, cache, LONG[at:]), expected)
    if not ever:
        raise Different("no cache can be trimmed, however short")


def pad(model: Any, ones: list[Alone]) -> None:
    for known in ([0, 0, 0, 0], [2, 0, 0, 5]):
        prefills = [
            Prefill(one.prompt, computed(model, one.prompt[:count]), count)
            for one, count in zip(ones, known, strict=True)
        ]
        complete(model, prefills)
        for one, prefill in zip(ones, prefills, strict=True):
            goes_on(model, prefill.cache, len(one.prompt) - 1, one)


class Fed(DecodingBatch):
    """A batch that is fed ``ANSWER``, and keeps the logits by sequence."""

    def __init__(self, model: Any, pass_tokens: int, ragged: bool):
        super().__init__(model, lookahead=False, together=True, pass_tokens=pass_tokens, ragged=ragged)
        self.logits: dict[str, list[mx.array]] = {}

    def _sample(self, logits: mx.array, fed: mx.array) -> tuple[mx.array, mx.array, mx.array]:
        tokens = []
        for at, sequence in enumerate(self._sequences):
            rows = self.logits.setdefault(sequence.task_id, [])
            tokens.append(ANSWER[len(rows)])
            rows.append(logits[at].astype(mx.float32))
        return mx.array(tokens, dtype=mx.uint32), logits, mx.ones(len(tokens), mx.bool_)


# By step: which sequences join, several at once, into an empty batch or one at a time; and which leave before the end,
# first or last, longest or shortest. All have left after the last step.
COMINGS_AND_GOINGS: list[tuple[dict[int, tuple[int, ...]], dict[int, tuple[int, ...]]]] = [
    ({0: (0, 1, 2, 3)}, {2: (3,), 3: (1,)}),
    ({0: (2,), 1: (3, 0), 2: (1,)}, {3: (0,), 4: (3,)}),
]


def batch(model: Any, ones: list[Alone]) -> None:
    _decoded(model, ones, PASS_TOKENS, ragged=False)


def ragged(model: Any, ones: list[Alone]) -> None:
    """With each length by itself, and with some together."""
    if not has_ragged_layers(model):
        raise Different("its layers keep more than keys and values")
    for pass_tokens in (0, 8):
        _decoded(model, ones, pass_tokens, ragged=True)


def split(model: Any, ones: list[Alone]) -> None:
    split_modules(model)
    for pass_tokens in (0, 8):
        _decoded(model, ones, pass_tokens, ragged=True)


def _decoded(model: Any, ones: list[Alone], pass_tokens: int, ragged: bool) -> None:
    caches = [computed(model, one.prompt[:-1]) for one in ones]
    for joins, leaves in COMINGS_AND_GOINGS:
        decoding = Fed(model, pass_tokens, ragged)
        inside: set[int] = set()
        for step in range(11):
            for at in joins.get(step, ()):
                *known, last = ones[at].prompt
                decoding.join(Sequence(str(at), known, last, deepcopy(caches[at]), GREEDY))
                inside.add(at)
            gone = {at for at in inside if len(decoding.logits.get(str(at), [])) == len(ANSWER)}
            gone |= {at for at in leaves.get(step, ()) if at in inside}
            for at in sorted(gone):
                _left(model, decoding, at, ones[at])
            inside -= gone
            decoding.step()
        assert not inside


def _left(model: Any, decoding: Fed, at: int, one: Alone) -> None:
    """Removes a sequence. Raises Different if its result, or its continuation, is wrong."""
    (sequence,) = decoding.leave([str(at)])
    rows = decoding.logits[str(at)]
    compare(mx.stack(rows), one.logits[: len(rows)])
    if len(rows) < len(ANSWER):
        compare(continued(model, sequence.cache, [ANSWER[len(rows) - 1]]), one.logits[len(rows)])


# Of sliding windows, which are shorter than LONG; see SlotCache.
MARGIN = 3


def verify(model: Any, ones: list[Alone]) -> None:
    """With all in one sub-batch and each in its own. Each is fed one to three right tokens, and wrong ones after
    them but in one of the turns."""
    if not can_rewind(model):
        raise Different("its caches cannot go back to accepted tokens")
    for pass_tokens in (PASS_TOKENS, 0):
        caches = SubBatches(pass_tokens, ragged=False, margin=MARGIN)
        verification = Verification(caches)
        caches.add([(computed(model, one.prompt[:-1]), len(one.prompt) - 1) for one in ones])
        fed = [[one.prompt[-1], *ANSWER] for one in ones]
        done = [0] * len(ones)
        for turn in range(3):
            right = [1 + (at + turn) % 3 for at in range(len(ones))]
            rows = [
                [*tokens[at : at + count], *([1 + turn] * (MARGIN + 1 - count) if turn != 1 else [])]
                for tokens, at, count in zip(fed, done, right, strict=True)
            ]
            logits = verification.feed(model, rows).astype(mx.float32)
            for at, (one, count) in enumerate(zip(ones, right, strict=True)):
                compare(logits[at, :count], one.logits[done[at] : done[at] + count])
                done[at] += count
            verification.accept(model, right)
        for at, one in enumerate(ones):
            compare(continued(model, caches.extract(at), [fed[at][done[at]]]), one.logits[done[at]])


CHECKS: dict[str, Callable[[Any, list[Alone]], None]] = {
    "chunk": chunk,
    "pad": pad,
    "batch": batch,
    "resume": resume,
    "trim": trim,
    "ragged": ragged,
    "split": split,
    "verify": verify,
}


def shortcomings(config: dict[str, Any]) -> dict[str, str]:
    """Returns the unsupported features of a tiny model with this configuration, with the reason for each."""
    try:
        model = made(config)
        ones = [alone(model, prompt) for prompt in PROMPTS]
        mx.eval([one.logits for one in ones])
    except Exception as error:
        return dict.fromkeys(CHECKS, f"cannot be computed here: {type(error).__name__}: {error}")
    found: dict[str, str] = {}
    for name, check in CHECKS.items():
        try:
            check(model, ones)
        except Exception as error:
            found[name] = f"{type(error).__name__}: {error}"
    return found


def row(name: str, model: type) -> tuple[list[str], dict[str, str]]:
    """Returns the supported features of the architecture, and the reasons against the others."""
    against: dict[str, str] = {}
    for config in configurations(name):
        against = shortcomings(config) | against
    shares = {"tensor": hasattr(model, "shard"), "pipeline": name in ARCHITECTURES}
    return [share for share, can in shares.items() if can] + [able for able in CHECKS if able not in against], against


def main() -> None:
    """Rewrites the table, and prints unsupported features with reasons."""
    rows = {}
    for name, (model, _) in names().items():
        rows[name], against = row(name, model)
        for able, why in against.items():
            print(f"{name}: {able}: {why}")
    remapped: dict[str, dict[str, str]] = {}
    for (kind, architecture), module in MODEL_ARCHITECTURE_REMAPPING.items():
        remapped.setdefault(kind, {})[architecture] = module
    lines = [f"    {json.dumps(name)}: {json.dumps(able)}" for name, able in sorted(rows.items())]
    head = {"mlxLm": version("mlx-lm"), "aliases": MODEL_REMAPPING, "remapped": remapped}
    text = json.dumps(head, indent=2)[: -len("\n}")]
    TABLE.write_text(f'{text},\n  "architectures": {{\n' + ",\n".join(lines) + "\n  }\n}\n")


if __name__ == "__main__":
    main()
