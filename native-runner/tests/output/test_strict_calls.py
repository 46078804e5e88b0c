"""Calls that nobody demands fit their tool all the same, and a thought ends in time."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from marked_model import make_marked
from runner_process import RunnerProcess

from muster_runner.output.constraints import ThoughtLimit

SCHEMA = {
    "type": "object",
    "properties": {"n": {"type": "integer", "minimum": 0, "maximum": 9}, "kind": {"$ref": "#/$defs/kind"}},
    "$defs": {"kind": {"enum": ["a", "b"]}},
    "required": ["n", "kind"],
    "additionalProperties": False,
}
EMPTY = {"type": "object", "properties": {}, "additionalProperties": False}
TOOLS = [
    {"name": "dice", "parameters": SCHEMA, "strict": True},
    {"name": "clock", "parameters": EMPTY, "strict": True},
]
# The same ones, as the model sees them, without anything to hold it to.
LOOSE = [{**tool, "strict": False} for tool in TOOLS]


def chat(**more: Any) -> dict[str, Any]:
    return {"kind": "chat", "messages": [{"role": "user", "parts": [{"type": "text", "text": "go"}]}], **more}


def deltas(runner: RunnerProcess, task: str, channel: str) -> list[dict[str, Any]]:
    items = [item for frame in runner.seen if frame["type"] == "tokens" for item in frame["items"]]
    content = [delta for item in items if item["taskId"] == task for delta in item["content"]]
    return [delta for delta in content if delta["channel"] == channel]


@pytest.fixture(scope="module", params=[False, True], ids=["plain marks", "special marks"])
def marked(
    request: pytest.FixtureRequest, tiny: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[RunnerProcess, dict[str, int]]]:
    model = tmp_path_factory.mktemp("models") / "marked"
    numbers = make_marked(tiny, model, special=request.param)
    process = RunnerProcess(tmp_path_factory.mktemp("pipes"))
    process.ready(model)
    yield process, numbers
    process.close()


@pytest.mark.parametrize("seed", range(2))
def test_a_call_that_the_model_begins_matches_a_strict_tool(
    marked: tuple[RunnerProcess, dict[str, int]], seed: int
) -> None:
    runner, numbers = marked
    task = f"strict-{seed}"
    sampling = {"temperature": 1.5, "seed": seed, "logitBias": {str(numbers["<tool_call>"]): 30.0}}
    _, end = runner.answer(task, prompt=chat(tools=TOOLS), sampling=sampling, maxTokens=250)
    calls = runner.calls(task)
    if end["reason"] == "length" and not calls[-1]["arguments"].endswith("}"):
        # The limit cut the last one.
        calls.pop()
    assert calls
    for call in calls:
        arguments = json.loads(call["arguments"])
        if call["name"] == "dice":
            assert set(arguments) == {"n", "kind"} and 0 <= arguments["n"] <= 9 and arguments["kind"] in "ab"
        else:
            assert (call["name"], arguments) == ("clock", {})


def test_text_stays_free_beside_a_strict_tool(marked: tuple[RunnerProcess, dict[str, int]]) -> None:
    runner, _ = marked
    plain, _ = runner.answer("without", prompt=chat(tools=LOOSE), maxTokens=30)
    held, _ = runner.answer("with", prompt=chat(tools=TOOLS), maxTokens=30)
    assert held == plain


def test_a_model_without_marks_writes_a_valid_call_or_text(ready: RunnerProcess, tiny: Path) -> None:
    vocabulary = json.loads((tiny / "tokenizer.json").read_text())["model"]["vocab"]
    brace = {str(vocabulary["{"]): 30.0}
    ready.answer("bare", prompt=chat(tools=TOOLS), sampling={"logitBias": brace, "temperature": 1}, maxTokens=600)
    (call,) = ready.calls("bare")
    assert call["name"] in ("dice", "clock")
    text, _ = ready.answer("text", prompt=chat(tools=TOOLS), maxTokens=30)
    assert text == ready.answer("plain", prompt=chat(tools=LOOSE), maxTokens=30)[0]


@pytest.mark.parametrize("limit", [1, 7])
def test_reasoning_ends_at_its_limit(marked: tuple[RunnerProcess, dict[str, int]], limit: int) -> None:
    runner, _ = marked
    task = f"thought-{limit}"
    prompt = chat(reasoning={"enabled": True, "maxTokens": limit})
    text, end = runner.answer(task, prompt=prompt, maxTokens=40)
    thought = "".join(delta["text"] for delta in deltas(runner, task, "reasoning"))
    # Every token of the tiny model is one character; one more is the mark.
    assert (len(thought), len(text)) == (limit, 40 - limit - 1)
    assert end["usage"]["completionTokens"] == 40


class Counting:
    """Beside the limit: counts what it is told."""

    def __init__(self) -> None:
        self.taken: list[int] = []

    def take(self, token: int) -> None:
        self.taken.append(token)

    def mask(self) -> None:
        return None


def test_reasoning_opened_by_the_prompt_may_only_end_once_the_limit_is_spent() -> None:
    beside = Counting()
    limit = ThoughtLimit((40, 41), begun=True, left=2, beside=beside)
    for token in (5, 6):
        assert limit.mask() is None
        limit.take(token)
    mask = limit.mask()
    assert mask is not None and [bit for bit in range(32 * len(mask)) if int(mask[bit // 32]) >> bit % 32 & 1] == [41]
    limit.take(41)
    assert limit.mask() is None
    assert beside.taken == [5, 6, 41]


def test_a_required_call_of_a_lenient_tool_matches_what_a_grammar_can_express(ready: RunnerProcess) -> None:
    parameters = {
        "type": "object",
        "properties": {"tags": {"type": "array", "items": {"enum": ["a", "b"]}, "uniqueItems": True, "maxItems": 3}},
        "required": ["tags"],
        "additionalProperties": False,
    }
    tool = {"name": "tag", "parameters": parameters}
    ready.answer("loose", prompt=chat(tools=[tool], toolChoice={"kind": "required"}), maxTokens=400)
    (call,) = ready.calls("loose")
    assert set(json.loads(call["arguments"])["tags"]) <= {"a", "b"}
    strict = chat(tools=[{**tool, "strict": True}], toolChoice={"kind": "required"})
    _, end = ready.answer("strict", prompt=strict)
    assert end["type"] == "rejected" and "uniqueItems" in end["message"]
