"""With little memory requests are queued: none is refused, and no runner ends."""

import json
import shutil
from pathlib import Path

from runner_process import RunnerProcess

from muster_runner.cache.cache_layers import Footprint
from muster_runner.engine.prompt_queue import PREFILLS

REQUESTS, TOKENS = 64, 12


def test_many_long_requests_are_answered_with_memory_for_two_and_get_their_queue_places(
    tiny: Path, runner: RunnerProcess
) -> None:
    runner.ready(tiny, maxContext=600, concurrency=2, cache={"spareBytes": 0})
    text = "once upon a time " * 20
    for at in range(REQUESTS):
        runner.generate(f"task-{at}", text=f"{at} {text}", maxTokens=TOKENS)
    waiting = {f"task-{at}" for at in range(REQUESTS)}
    while waiting:
        end = runner.until(lambda frame: frame["type"] in ("finished", "rejected", "failed"))
        assert (end["type"], end.get("reason")) == ("finished", "length"), end
        waiting.remove(end["taskId"])
    assert runner.process.poll() is None
    told: dict[str, list[int]] = {}
    for frame in runner.seen:
        if frame["type"] == "prompt" and "ahead" in frame:
            assert frame["processed"] == 0 < frame["total"]
            told.setdefault(frame["taskId"], []).append(frame["ahead"])
    # Each but the first few hears its place, and comes nearer.
    assert len(told) > REQUESTS // 2
    assert all(places == sorted(places, reverse=True) for places in told.values())
    # Several may begin in one step, and those are not told that nobody is ahead any more.
    assert all(places[-1] < PREFILLS for places in told.values())


def test_without_a_limit_the_context_is_what_fits_the_memory(tiny: Path, tmp_path: Path) -> None:
    model = tmp_path / "long"
    shutil.copytree(tiny, model)
    config = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps(config | {"max_position_embeddings": 100_000}))
    # Two heads of 16 values in 4 bytes, keys and values, in 4 layers.
    per_token = 2 * 16 * 4 * 2 * 4
    for spare, bound, expected in (
        (0, None, 8192),
        (1000 * per_token, None, 9192),
        (1 << 40, None, 100_000),
        (0, 9000, 9000),
    ):
        folder = tmp_path / f"pipes-{spare}-{bound}"
        folder.mkdir()
        process = RunnerProcess(folder)
        try:
            more = {} if bound is None else {"maxContext": bound}
            process.ready(model, cache={"spareBytes": spare}, **more)
            (loaded,) = [frame for frame in process.seen if frame["type"] == "loaded"]
            assert loaded["contextLength"] == expected
        finally:
            process.close()


def test_the_longest_sequence_that_fits_is_found_for_windows_and_states_too() -> None:
    for one in (Footprint(per_token=10), Footprint(10, 5, 64, 100), Footprint(0, 5, 64, 100)):
        for nbytes in (0, 99, 100, 500, 5000):
            fits = one.fitting(nbytes, 300)
            assert fits == max((n for n in range(301) if one.sequence(n) <= nbytes), default=0)
