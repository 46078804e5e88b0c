"""Prints the bytes that the caches of decoding sequences hold, divided by the bytes of their tokens.

use: held_bytes.py MODEL LONG SHORT COUNT

One sequence of LONG tokens decodes beside COUNT of SHORT tokens.
"""

import sys
from pathlib import Path

from muster_runner.deferred import import_mlx_lm

import_mlx_lm()

from mlx_lm.utils import load_model  # noqa: E402

from muster_runner.engine.decoding import DecodingBatch  # noqa: E402
from muster_runner.engine.engine_options import pass_tokens  # noqa: E402
from muster_runner.engine.prefill import PrefillSteps  # noqa: E402
from muster_runner.engine.schedule import Schedule  # noqa: E402
from muster_runner.model.architectures import ALL  # noqa: E402
from muster_runner.sampling.sampling import GREEDY  # noqa: E402

STEPS = 40
BUDGET_BYTES = 1 << 30


def main(model_path: Path, long: int, short: int, count: int) -> None:
    model, _ = load_model(model_path)
    weights = sum(file.stat().st_size for file in model_path.glob("*.safetensors"))
    lengths = [long, *(short + at for at in range(count))]
    per_token = _bytes_per_token(model)
    batch = DecodingBatch(
        model, False, True, pass_tokens(weights, per_token, BUDGET_BYTES)
    )
    schedule = Schedule(model, ALL, batch, None, PrefillSteps(2048, 2048))
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
    print(batch.nbytes / (tokens * per_token))


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
    return alone.measured.per_token


main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
