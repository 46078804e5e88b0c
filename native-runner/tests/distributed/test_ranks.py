"""Several ranks generate the same as one process."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from runner_process import RunnerGroup, RunnerProcess

PROMPTS = {f"prompt-{n}": f"prompt number {n} " * (1 + 5 * n) for n in range(3)}
DICE = {
    "type": "object",
    "properties": {"n": {"type": "integer", "minimum": 1, "maximum": 6}, "colour": {"enum": ["red", "black"]}},
    "required": ["n", "colour"],
    "additionalProperties": False,
}
SCHEMA = {"kind": "jsonSchema", "schema": DICE}
TOOLS = [
    {"name": "clock", "parameters": {"type": "object", "properties": {}, "additionalProperties": False}},
    {"name": "dice", "parameters": DICE},
]
SAMPLINGS = [{"temperature": 0}, {"temperature": 1.5, "seed": 3}]
# More alternatives than the library follows at once: it gives up when the answer has come to them.
ALTERNATIVES = {"anyOf": [{"properties": {f"p{at}": {"type": "string"}}, "required": [f"p{at}"]} for at in range(5000)]}
TOO_MUCH = {"kind": "jsonSchema", "schema": {"properties": {"a": ALTERNATIVES}, "required": ["a"]}}


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


def test_seeded_samples_are_those_of_one_process(ready: RunnerProcess, pair: RunnerGroup) -> None:
    same(pair, ready, text="dice", maxTokens=20, sampling={"temperature": 1.0, "seed": 7, "topP": 0.9, "topK": 20})
    same(pair, ready, text="dice", maxTokens=20, sampling={"temperature": 0.8, "seed": 8, "repetitionPenalty": 1.3})


def asked(runner: RunnerProcess, **request: Any) -> tuple[str, list[dict[str, Any]], dict[str, Any]]:
    """The text, the tool calls and the end of one answer."""
    task = f"asked-{len(runner.seen)}"
    text, end = runner.answer(task, **request)
    calls = [{name: call[name] for name in ("index", "name", "arguments")} for call in runner.calls(task)]
    return text, calls, end


def is_roll(value: Any) -> bool:
    return set(value) == {"n", "colour"} and value["n"] in range(1, 7) and value["colour"] in ("red", "black")


@pytest.mark.parametrize("sampling", SAMPLINGS, ids=["greedy", "seeded"])
def test_an_answer_with_a_schema_matches_it(ready: RunnerProcess, pair: RunnerGroup, sampling: dict[str, Any]) -> None:
    request = {"text": "roll", "maxTokens": 200, "sampling": sampling, "format": SCHEMA}
    text, _, end = asked(pair.first, **request)
    assert end["reason"] == "stop"
    assert is_roll(json.loads(text))
    assert text == asked(ready, **request)[0]


@pytest.mark.parametrize(
    ("choice", "names", "sampling"),
    [
        ({"kind": "required"}, {"clock", "dice"}, SAMPLINGS[0]),
        ({"kind": "named", "name": "dice"}, {"dice"}, SAMPLINGS[1]),
    ],
    ids=["required, greedy", "named, seeded"],
)
def test_a_required_call_is_made(
    ready: RunnerProcess, pair: RunnerGroup, choice: Any, names: set[str], sampling: dict[str, Any]
) -> None:
    messages = [{"role": "user", "parts": [{"type": "text", "text": "go"}]}]
    prompt = {"kind": "chat", "messages": messages, "tools": TOOLS, "toolChoice": choice}
    request = {"prompt": prompt, "sampling": sampling, "maxTokens": 300}
    text, calls, end = asked(pair.first, **request)
    assert (text, len(calls), end["reason"]) == ("", 1, "toolCalls")
    assert calls[0]["name"] in names
    arguments = json.loads(calls[0]["arguments"])
    assert is_roll(arguments) if calls[0]["name"] == "dice" else arguments == {}
    assert calls == asked(ready, **request)[1]


def test_constrained_answers_and_free_ones_decode_in_one_batch(ready: RunnerProcess, pair: RunnerGroup) -> None:
    alone = asked(ready, text="free", maxTokens=40)[0]
    first = pair.first
    tasks = {f"{kind}-{len(first.seen)}": kind for kind in ("free", "schema", "too-much", "other")}
    formats = {"schema": SCHEMA, "too-much": TOO_MUCH, "other": SCHEMA}
    for task, kind in tasks.items():
        more = {"format": formats[kind]} if kind in formats else {}
        first.generate(task, text="free" if kind == "free" else kind, maxTokens=1200 if more else 40, **more)
    ends: dict[str, dict[str, Any]] = {}
    while len(ends) < len(tasks):
        end = first.until(lambda frame: frame["type"] in ("finished", "rejected"))
        ends[tasks[end["taskId"]]] = end
    texts = {kind: first.text(task) for task, kind in tasks.items()}
    # A constraint that fails ends its own request alone, on every rank.
    assert (ends["too-much"]["type"], ends["too-much"]["code"]) == ("rejected", "invalid_request")
    assert texts["free"] == alone
    assert is_roll(json.loads(texts["schema"])) and is_roll(json.loads(texts["other"]))
    same(pair, ready, text="after", maxTokens=10)


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


def test_cancel_takes_effect_during_prefill_and_the_computed_prefix_is_reused(
    ready: RunnerProcess, pair: RunnerGroup
) -> None:
    text = "a long prompt " * 100
    pair.first.generate("inside", text=text, maxTokens=10)
    progress = pair.first.until(
        lambda frame: frame["type"] == "prompt" and frame["processed"] > 0 and frame["taskId"] == "inside"
    )
    assert 0 < progress["processed"] < progress["total"]
    pair.first.send(type="cancel", taskId="inside")
    end = pair.first.finished("inside")
    assert (end["reason"], end["usage"]["completionTokens"]) == ("cancelled", 0)
    assert same(pair, ready, text=text, maxTokens=10)["usage"]["cachedTokens"] >= progress["processed"]


def test_the_same_prompt_again_is_not_computed_again(ready: RunnerProcess, pair: RunnerGroup) -> None:
    for n in range(3):
        same(pair, ready, text=f"{n} once upon a time " * 8, maxTokens=4)
    assert same(pair, ready, text="2 once upon a time " * 8, maxTokens=20)["usage"]["cachedTokens"] > 140


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
