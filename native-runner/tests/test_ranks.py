"""Several ranks generate as one process does."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import RunnerGroup, RunnerProcess

PROMPTS = {f"prompt-{n}": f"prompt number {n} " * (1 + 5 * n) for n in range(3)}


@pytest.fixture(scope="module", params=["Pipeline", "Tensor"])
def pair(request: pytest.FixtureRequest, tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunnerGroup]:
    """Two ranks with the tiny model for all tests of this file."""
    group = RunnerGroup(tmp_path_factory.mktemp("ranks"))
    yield group.ready(tiny, request.param)
    group.close()


def same(pair: RunnerGroup, ready: RunnerProcess, **request: Any) -> dict[str, Any]:
    """Both answer a request alike. Returns the end that the ranks gave it."""
    task = f"same-{len(pair.first.seen)}-{len(ready.seen)}"
    expected, end = ready.answer(task, **request)
    text, told = pair.first.answer(task, **request)
    assert text == expected
    assert {name: told.get(name) for name in ("reason", "stopSequence")} == {
        name: end.get(name) for name in ("reason", "stopSequence")
    }
    return told


def test_greedy_text_is_that_of_one_process(ready: RunnerProcess, pair: RunnerGroup) -> None:
    for text in PROMPTS.values():
        same(pair, ready, text=text, maxTokens=30)


def test_draws_with_a_seed_are_those_of_one_process(ready: RunnerProcess, pair: RunnerGroup) -> None:
    same(pair, ready, text="dice", maxTokens=20, sampling={"temperature": 1.0, "seed": 7, "topP": 0.9, "topK": 20})
    same(pair, ready, text="dice", maxTokens=20, sampling={"temperature": 0.8, "seed": 8, "repetitionPenalty": 1.3})


def test_stop_strings_end_the_text_before_them(ready: RunnerProcess, pair: RunnerGroup) -> None:
    text, _ = ready.answer(f"no-stop-{len(ready.seen)}", maxTokens=40)
    assert same(pair, ready, maxTokens=40, stop=[text[10:13]])["reason"] == "stop"


def test_logprobs_are_those_of_one_process(ready: RunnerProcess, pair: RunnerGroup) -> None:
    def entries(runner: RunnerProcess) -> list[dict[str, Any]]:
        items = [item for frame in runner.seen if frame["type"] == "tokens" for item in frame["items"]]
        return [entry for item in items for entry in item.get("logprobs", [])][-4:]

    same(pair, ready, maxTokens=4, logprobs=3)
    for one, other in zip(entries(pair.first), entries(ready), strict=True):
        assert one["token"] == other["token"]
        assert one["logprob"] == pytest.approx(other["logprob"], abs=1e-3)
        assert [top["token"] for top in one["top"]] == [top["token"] for top in other["top"]]


def test_requests_join_a_batch_and_leave_it(ready: RunnerProcess, pair: RunnerGroup) -> None:
    alone = {
        task: ready.answer(f"{task}-{len(ready.seen)}", text=text, maxTokens=40)[0] for task, text in PROMPTS.items()
    }
    first = pair.first
    first.generate("cancelled", text="endless", maxTokens=1500)
    first.until(lambda frame: frame["type"] == "tokens")
    for task, text in PROMPTS.items():
        first.generate(task, text=text, maxTokens=40)
    first.until(lambda frame: frame["type"] == "tokens" and any(item["taskId"] in PROMPTS for item in frame["items"]))
    first.send(type="cancel", taskId="cancelled")
    end = first.finished("cancelled")
    assert end["reason"] == "cancelled"
    assert 0 < end["usage"]["completionTokens"] < 1500
    for task in PROMPTS:
        if not any(frame["type"] == "finished" and frame["taskId"] == task for frame in first.seen):
            first.finished(task)
    assert {task: first.text(task) for task in PROMPTS} == alone


def test_cancel_works_inside_a_prompt_and_what_was_computed_is_used_again(
    ready: RunnerProcess, pair: RunnerGroup
) -> None:
    text = "a long prompt " * 100
    pair.first.generate("inside", text=text, maxTokens=10)
    progress = pair.first.until(lambda frame: frame["type"] == "prompt" and frame["taskId"] == "inside")
    assert 0 < progress["processed"] < progress["total"]
    pair.first.send(type="cancel", taskId="inside")
    end = pair.first.finished("inside")
    assert (end["reason"], end["usage"]["completionTokens"]) == ("cancelled", 0)
    assert same(pair, ready, text=text, maxTokens=10)["usage"]["cachedTokens"] >= progress["processed"]


def test_the_same_prompt_again_is_not_computed_again(ready: RunnerProcess, pair: RunnerGroup) -> None:
    for n in range(12):  # more than are kept
        same(pair, ready, text=f"{n} once upon a time " * 8, maxTokens=4)
    assert same(pair, ready, text="11 once upon a time " * 8, maxTokens=20)["usage"]["cachedTokens"] > 150


def test_an_epoch_that_is_over_is_ignored(ready: RunnerProcess, pair: RunnerGroup) -> None:
    pair.first.answer(f"before-{len(pair.first.seen)}", maxTokens=3)
    pair.first.status("Ready")
    pair.ranks[1].send(type="wake", epoch=1)
    same(pair, ready, maxTokens=20)


def test_only_rank_0_answers(pair: RunnerGroup) -> None:
    other = pair.ranks[1]
    other.generate("not here")
    end = other.finished("not here")
    assert (end["type"], end["code"]) == ("rejected", "model_unavailable")
    assert not {frame["type"] for frame in other.seen} & {"tokens", "finished", "prompt", "wake"}


def test_an_idle_group_uses_no_processor(pair: RunnerGroup) -> None:
    pair.first.answer(f"idle-{len(pair.first.seen)}", maxTokens=3)
    pair.first.status("Ready")
    time.sleep(0.5)
    before = [rank.cpu_ticks() for rank in pair.ranks]
    time.sleep(2)
    # A rank that waited in a collective would use 200.
    assert all(rank.cpu_ticks() - ticks < 20 for rank, ticks in zip(pair.ranks, before, strict=True))
