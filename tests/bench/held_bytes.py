"""Prints, for each mix of lengths, the bytes that the caches of decoding sequences hold, divided by the bytes of their
tokens: at the end of some steps, and the number of sub-batches.

use: held_bytes.py MODEL LENGTHS...

LENGTHS: of the sequences that decode together, with commas between them. Each mix has a budget of twice its bytes: what
memory that nobody needs is used for does not matter.
"""

import sys
from pathlib import Path

from muster_runner.deferred import import_mlx_lm

import_mlx_lm()

from mlx_lm.utils import load_model  # noqa: E402

from muster_runner.cache.cache_layers import Footprint  # noqa: E402
from muster_runner.cache.memory_budget import MemoryBudget  # noqa: E402
from muster_runner.engine.decoding import DecodingBatch  # noqa: E402
from muster_runner.engine.engine_options import pass_tokens  # noqa: E402
from muster_runner.engine.prefill import PrefillSteps  # noqa: E402
from muster_runner.engine.schedule import Schedule  # noqa: E402
from muster_runner.model.architectures import ALL  # noqa: E402
from muster_runner.sampling.sampling import GREEDY  # noqa: E402

STEPS = 40
# Of the budget to the bytes that are held.
ROOM = 2


def main(model_path: Path, mixes: list[str]) -> None:
    model, _ = load_model(model_path)
    weights = sum(file.stat().st_size for file in model_path.glob("*.safetensors"))
    per_token = _bytes_per_token(model)
    for mix in mixes:
        lengths = [int(length) for length in mix.split(",")]
        print(*_held(model, lengths, weights, per_token))


def _held(
    model: object, lengths: list[int], weights: int, per_token: int
) -> tuple[float, int]:
    price = pass_tokens(weights, per_token, ALL)
    batch = DecodingBatch(model, False, True, price, ragged=ALL.ragged)
    budget = MemoryBudget(ROOM * sum(lengths) * per_token, Footprint(per_token))
    schedule = Schedule(model, ALL, batch, None, PrefillSteps(2048, 2048), budget)
    for at, length in enumerate(lengths):
        schedule.join(
            str(at), [5 + (7 * at + one) % 200 for one in range(length)], GREEDY
        )
    generated = 0
    while len(batch) < len(lengths):
        generated += len(schedule.step())
    for _ in range(STEPS):
        generated += len(schedule.step())
    # The latest token of each is not fed yet.
    tokens = sum(lengths) + generated - len(lengths)
    return batch.nbytes / (tokens * per_token), len(batch.held())


def _bytes_per_token(model: object) -> int:
    """Measured on a sequence alone."""
    alone = Schedule(
        model, ALL, DecodingBatch(model, False, True), None, PrefillSteps(512, 512)
    )
    alone.join("alone", list(range(5, 261)), GREEDY)
    while not alone.step():
        pass
    alone.leave(["alone"])
    assert alone.measured is not None
    return alone.measured.footprint.per_token


main(Path(sys.argv[1]), sys.argv[2:])
