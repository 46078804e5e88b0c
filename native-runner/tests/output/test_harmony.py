"""Constrained answers in the Harmony format (gpt-oss), by the tiny model with its marks."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from marked_model import make_marked
from runner_process import RunnerProcess

from muster_runner.output.answer_format import HARMONY_MARKS

SCHEMA = {
    "type": "object",
    "properties": {"n": {"type": "integer", "minimum": 0, "maximum": 9}, "kind": {"enum": ["a", "b"]}},
    "required": ["n", "kind"],
    "additionalProperties": False,
}
TOOLS = [{"name": "clock", "parameters": {"type": "object", "additionalProperties": False}}, {"name": "dice"}]
DICE = {"name": "dice", "parameters": SCHEMA}


def chat(**more: Any) -> dict[str, Any]:
    return {"kind": "chat", "messages": [{"role": "user", "parts": [{"type": "text", "text": "go"}]}], **more}


@pytest.fixture(scope="module")
def harmony(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunnerProcess, dict[str, int]]]:
    model = tmp_path_factory.mktemp("models") / "harmony"
    numbers = make_marked(tiny, model, special=True, marks=HARMONY_MARKS)
    process = RunnerProcess(tmp_path_factory.mktemp("pipes"))
    process.ready(model)
    yield process, numbers
    process.close()


@pytest.mark.parametrize("seed", range(3))
def test_a_required_call_goes_to_the_named_tool(harmony: Any, seed: int) -> None:
    runner, numbers = harmony
    prompt = chat(tools=[TOOLS[0], DICE], toolChoice={"kind": "named", "name": "dice"})
    # A thought may come first, and is as long as the model likes: this one is made to end.
    sampling = {"temperature": 1, "seed": seed, "logitBias": {str(numbers["<|end|>"]): 20.0}}
    _, end = runner.answer(f"call-{seed}", prompt=prompt, sampling=sampling, maxTokens=1500)
    (call,) = runner.calls(f"call-{seed}")
    assert (call["name"], end["reason"]) == ("dice", "toolCalls")
    value = json.loads(call["arguments"])
    assert set(value) == {"n", "kind"} and 0 <= value["n"] <= 9 and value["kind"] in "ab"


@pytest.mark.parametrize(
    ("form", "fits"),
    [
        ({"kind": "jsonSchema", "schema": SCHEMA}, lambda text: set(json.loads(text)) == {"n", "kind"}),
        (
            {"kind": "grammar", "syntax": "regex", "source": "(yes|no)/[0-9]{3}"},
            re.compile("(yes|no)/[0-9]{3}").fullmatch,
        ),
        ({"kind": "grammar", "syntax": "lark", "source": 'start: "left" | "right"'}, ("left", "right").__contains__),
    ],
    ids=["schema", "regex", "lark"],
)
def test_a_formatted_answer_is_in_the_final_channel(harmony: Any, form: Any, fits: Any) -> None:
    runner, numbers = harmony
    sampling = {"temperature": 1, "seed": 2, "logitBias": {str(numbers["<|end|>"]): 20.0}}
    text, end = runner.answer(f"form-{str(form)[:60]}", prompt=chat(), sampling=sampling, format=form, maxTokens=1500)
    assert end["reason"] == "stop"
    assert fits(text)


def test_a_voluntary_call_matches_a_strict_tool(harmony: Any) -> None:
    runner, numbers = harmony
    prompt = chat(tools=[{**DICE, "strict": True}])
    bias = {str(numbers[mark]): 20.0 for mark in ("<|end|>", "<|constrain|>")}
    for seed in range(4):
        sampling = {"temperature": 1, "seed": seed, "logitBias": bias}
        runner.answer(f"strict-{seed}", prompt=prompt, sampling=sampling, maxTokens=700)
        for call in runner.calls(f"strict-{seed}"):
            assert set(json.loads(call["arguments"])) == {"n", "kind"}
