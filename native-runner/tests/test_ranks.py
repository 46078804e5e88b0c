"""What several ranks that share a model out promise: the text of one process, and no rank that is left behind."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import RunnerProcess, start_ranks

LONG = "a long prompt " * 100
HALVES = [(2, 4), (0, 2)]
WHOLE = [(0, 4), (0, 4)]


@pytest.fixture(scope="module")
def one(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunnerProcess]:
    process = RunnerProcess(tmp_path_factory.mktemp("one"))
    process.ready(tiny)
    yield process
    process.close()


@pytest.fixture(scope="module", params=["Pipeline", "Tensor"])
def two(
    tiny: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[list[RunnerProcess]]:
    ranges = HALVES if request.param == "Pipeline" else WHOLE
    ranks = start_ranks(tmp_path_factory.mktemp("two"), tiny, request.param, ranges)
    yield ranks
    for rank in ranks:
        rank.close()


def end_of(ranks: list[RunnerProcess]) -> None:
    for rank in ranks:
        rank.close()


def test_greedy_text_is_that_of_one_process(one: RunnerProcess, two: list[RunnerProcess]) -> None:
    for task in ("first", "second"):
        assert (
            two[0].answer(task, text=task, maxTokens=30)[0]
            == one.answer(f"{task}-{id(two)}", text=task, maxTokens=30)[0]
        )


def test_requests_join_and_leave_while_others_decode(one: RunnerProcess, two: list[RunnerProcess]) -> None:
    prompts = {f"batch-{n}": f"prompt number {n} " * (n + 1) for n in range(4)}
    alone = {
        task: one.answer(f"{task}-{id(two)}", text=text, maxTokens=10 * n + 9)[0]
        for n, (task, text) in enumerate(prompts.items())
    }
    for n, (task, text) in enumerate(prompts.items()):
        two[0].generate(task, text=text, maxTokens=10 * n + 9)
    for task in prompts:
        two[0].finished(task)
    assert {task: two[0].text(task) for task in prompts} == alone


def test_a_seeded_draw_is_that_of_one_process(one: RunnerProcess, two: list[RunnerProcess]) -> None:
    request = {"text": "dice", "maxTokens": 20, "sampling": {"temperature": 1.0, "seed": 7}}
    assert two[0].answer("seed", **request)[0] == one.answer(f"seed-{id(two)}", **request)[0]


def test_a_cancelled_request_leaves_the_others_alone(two: list[RunnerProcess]) -> None:
    expected, _ = two[0].answer("alone", text="other", maxTokens=40)
    two[0].generate("cancelled", maxTokens=1500)
    two[0].generate("other", text="other", maxTokens=40)
    two[0].until(lambda frame: frame["type"] == "tokens")
    two[0].send(type="cancel", taskId="cancelled")
    assert two[0].finished("cancelled")["reason"] == "cancelled"
    two[0].finished("other")
    assert two[0].text("other") == expected


def test_a_long_prompt_can_be_cancelled(two: list[RunnerProcess]) -> None:
    two[0].generate("prefill", text=LONG, maxTokens=10)
    two[0].until(lambda frame: frame["type"] == "prompt")
    two[0].send(type="cancel", taskId="prefill")
    assert two[0].finished("prefill")["reason"] == "cancelled"
    assert two[0].answer("after", maxTokens=5)[1]["reason"] == "length"


def test_a_prompt_that_goes_on_from_another_is_not_computed_again(two: list[RunnerProcess]) -> None:
    first, _ = two[0].answer("turn-1", text=LONG[:600], maxTokens=8)
    again, end = two[0].answer("turn-2", text=LONG[:600], maxTokens=8)
    assert again == first
    assert end["usage"]["cachedTokens"] > 0


def ticks(process: RunnerProcess) -> int:
    fields = Path(f"/proc/{process.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="reads processor time from /proc")
def test_idle_ranks_use_no_processor(two: list[RunnerProcess]) -> None:
    two[0].answer("before", maxTokens=3)
    two[0].status("Ready")
    before = [ticks(rank) for rank in two]
    time.sleep(2)
    used = [after - then for after, then in zip([ticks(rank) for rank in two], before, strict=True)]
    # Of 200 that a spinning thread would have used; the heartbeat takes one now and then.
    assert max(used) <= 10


def test_a_wake_of_the_past_is_ignored(two: list[RunnerProcess]) -> None:
    two[0].answer("epoch", maxTokens=3)
    two[1].send(type="wake", epoch=1)
    assert two[0].answer("later", maxTokens=3)[1]["reason"] == "length"


@pytest.mark.parametrize("architecture", ["llama", "qwen3", "mistral", "smollm3"])
def test_layers_shared_out_unevenly_give_the_same_text(architecture: str, tmp_path: Path) -> None:
    from muster_runner.make_tiny import make_tiny

    make_tiny(tmp_path / "model", architecture)
    alone = RunnerProcess(made(tmp_path / "alone"))
    alone.ready(tmp_path / "model")
    expected, _ = alone.answer("a", maxTokens=25)
    alone.close()
    ranks = start_ranks(tmp_path, tmp_path / "model", "Pipeline", [(1, 4), (0, 1)])
    assert ranks[0].answer("a", maxTokens=25)[0] == expected
    end_of(ranks)


def test_three_ranks_give_the_same_text(tiny: Path, tmp_path: Path, one: RunnerProcess) -> None:
    ranks = start_ranks(tmp_path, tiny, "Pipeline", [(3, 4), (1, 3), (0, 1)])
    assert ranks[0].answer("three", maxTokens=6)[0] == one.answer("three", maxTokens=6)[0]
    end_of(ranks)


def test_heads_that_cannot_be_dealt_out_are_refused(tiny: Path, tmp_path: Path) -> None:
    ranges = [(0, 4)] * 3
    with pytest.raises(AssertionError, match="cannot be dealt out to 3 machines"):
        start_ranks(tmp_path, tiny, "Tensor", ranges)


def made(folder: Path) -> Path:
    folder.mkdir()
    return folder
