"""Answers constrained to a format or to a call: the tiny model writes nonsense that must match."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from runner_process import RunnerProcess

from muster_runner.output import constraints
from muster_runner.output.call_grammars import call_schema
from muster_runner.output.constraints import MASK_SECONDS, GrammarConstraint
from muster_runner.output.grammars import BadFormat
from muster_runner.protocol import Tool

SCHEMA = {
    "type": "object",
    "properties": {"n": {"type": "integer", "minimum": 0, "maximum": 9}, "kind": {"enum": ["a", "b"]}},
    "required": ["n", "kind"],
    "additionalProperties": False,
}
TOOLS = [
    {"name": "clock", "parameters": {"type": "object", "properties": {}, "additionalProperties": False}},
    {"name": "dice", "parameters": SCHEMA},
]
SAMPLINGS = [{"temperature": 0}, {"temperature": 1.5, "seed": 3}]


def chat(**more: Any) -> dict[str, Any]:
    return {"kind": "chat", "messages": [{"role": "user", "parts": [{"type": "text", "text": "go"}]}], **more}


@pytest.mark.parametrize("sampling", SAMPLINGS, ids=["greedy", "hot"])
def test_an_answer_with_a_schema_matches_it(ready: RunnerProcess, sampling: dict[str, Any]) -> None:
    text, end = ready.answer(
        f"schema-{sampling}", sampling=sampling, format={"kind": "jsonSchema", "schema": SCHEMA}, maxTokens=200
    )
    assert end["reason"] == "stop"
    value = json.loads(text)
    assert set(value) == {"n", "kind"} and 0 <= value["n"] <= 9 and value["kind"] in "ab"


def test_a_lenient_schema_is_enforced_as_far_as_a_grammar_can_express_it(ready: RunnerProcess) -> None:
    schema = {"type": "array", "items": {"enum": [1, 2]}, "minItems": 1, "maxItems": 3, "uniqueItems": True}
    text, _ = ready.answer("lenient", format={"kind": "jsonSchema", "schema": schema, "lenient": True}, maxTokens=90)
    assert set(json.loads(text)) <= {1, 2}
    _, refused = ready.answer("exact", format={"kind": "jsonSchema", "schema": schema})
    assert refused["type"] == "rejected" and "uniqueItems" in refused["message"]


def test_a_lenient_schema_is_kept_to_without_patterns_that_no_grammar_expresses(ready: RunnerProcess) -> None:
    # As zod writes an e-mail address.
    schema = {
        "type": "object",
        "properties": {"to": {"type": "string", "pattern": r"^(?!\.)\w+$", "maxLength": 3}},
        "patternProperties": {r"^(?=x)": {"type": "null"}},
        "required": ["to"],
        "additionalProperties": False,
    }
    text, end = ready.answer("look", format={"kind": "jsonSchema", "schema": schema, "lenient": True}, maxTokens=90)
    assert (end["type"], list(json.loads(text))) == ("finished", ["to"])
    _, refused = ready.answer("held", format={"kind": "jsonSchema", "schema": schema})
    assert refused["type"] == "rejected" and "look-ahead" in refused["message"]


def test_a_schema_that_only_refers_to_itself_is_refused_in_plain_words(ready: RunnerProcess) -> None:
    _, end = ready.answer("itself", format={"kind": "jsonSchema", "schema": {"$ref": "#"}})
    assert (end["type"], end["code"]) == ("rejected", "invalid_request")
    assert "refers to nothing but itself" in end["message"]


def test_an_answer_with_a_grammar_matches_it(ready: RunnerProcess) -> None:
    regex = {"kind": "grammar", "syntax": "regex", "source": "(yes|no), [0-9]{3}"}
    lark = {"kind": "grammar", "syntax": "lark", "source": 'start: "left" | "right"'}
    assert re.fullmatch("(yes|no), [0-9]{3}", ready.answer("regex", format=regex)[0])
    assert ready.answer("lark", format=lark)[0] in ("left", "right")


@pytest.mark.parametrize(
    "format",
    [
        {"kind": "jsonSchema", "schema": {"type": "nonsense"}},
        {"kind": "jsonSchema", "schema": {"$ref": "#/nowhere"}},
        {"kind": "grammar", "syntax": "lark", "source": "start: ("},
        {"kind": "grammar", "syntax": "regex", "source": "("},
    ],
)
def test_an_unusable_format_is_refused_and_other_requests_continue(ready: RunnerProcess, format: Any) -> None:
    _, end = ready.answer(f"bad-{format}", format=format)
    assert (end["type"], end["code"]) == ("rejected", "invalid_request")
    assert "format" in end["message"]
    assert ready.answer(f"after-{format}", maxTokens=2)[1]["type"] == "finished"


# The patterns' intersection has twice as many states with each.
EXPLODING = {"type": "string", "allOf": [{"pattern": f"a.{{{at}}}b"} for at in range(40)]}


@pytest.mark.parametrize(
    "more",
    [
        {"format": {"kind": "jsonSchema", "schema": EXPLODING}},
        {"prompt": chat(tools=[{"name": "t", "parameters": EXPLODING}], toolChoice={"kind": "required"})},
        {"prompt": chat(tools=[{"name": "t", "parameters": {"properties": {"a": EXPLODING}}, "strict": True}])},
    ],
    ids=["format", "demanded", "strict"],
)
def test_a_format_that_never_compiles_fails_only_its_request(ready: RunnerProcess, more: Any) -> None:
    ready.generate("exploding", maxTokens=3, **more)
    ready.generate("behind", maxTokens=3)
    refused = ready.finished("exploding")
    assert (refused["type"], refused["code"]) == ("rejected", "invalid_request")
    assert "format" in refused["message"]
    assert ready.finished("behind")["type"] == "finished"
    ready.seen.clear()


# More alternatives than the library follows at once.
ALTERNATIVES = {
    "anyOf": [
        {"type": "object", "properties": {f"p{at}": {"type": "string"}}, "required": [f"p{at}"]} for at in range(5000)
    ]
}


@pytest.mark.parametrize(
    "format",
    [
        {"kind": "jsonSchema", "schema": ALTERNATIVES},
        {"kind": "jsonSchema", "schema": {"type": "object", "properties": {"a": ALTERNATIVES}, "required": ["a"]}},
        {"kind": "grammar", "syntax": "regex", "source": "a{100000000}"},
        {"kind": "jsonSchema", "schema": {"const": "x" * 100000}},
        {"kind": "jsonSchema", "schema": {"const": "x" * 1000000}},
    ],
    ids=["at once", "in its midst", "length", "slowness", "size"],
)
def test_a_grammar_that_exceeds_its_limits_fails_the_request_instead_of_being_dropped(
    ready: RunnerProcess, format: Any
) -> None:
    _, end = ready.answer(f"much-{str(format)[:60]}", format=format, maxTokens=1500, sampling={"seed": 1})
    assert (end["type"], end["code"]) == ("rejected", "invalid_request")
    assert "format" in end["message"] and len(end["message"]) < 1000
    assert ready.answer("beside", maxTokens=2)[1]["type"] == "finished"
    ready.seen.clear()


@pytest.mark.parametrize(
    ("choice", "names"),
    [({"kind": "required"}, {"clock", "dice"}), ({"kind": "named", "name": "dice"}, {"dice"})],
    ids=["required", "named"],
)
@pytest.mark.parametrize("sampling", SAMPLINGS, ids=["greedy", "hot"])
def test_a_required_call_is_made(ready: RunnerProcess, choice: Any, names: set[str], sampling: Any) -> None:
    task = f"call-{choice}-{sampling}"
    text, end = ready.answer(task, prompt=chat(tools=TOOLS, toolChoice=choice), sampling=sampling, maxTokens=300)
    (call,) = ready.calls(task)
    assert (text, end["reason"]) == ("", "toolCalls")
    assert call["name"] in names and call["index"] == 0 and call["id"]
    assert set(json.loads(call["arguments"])) == ({"n", "kind"} if call["name"] == "dice" else set())


def test_a_required_call_is_streamed_and_stays_a_call_when_cut_by_the_limit(
    ready: RunnerProcess,
) -> None:
    parameters = {
        "type": "object",
        "properties": {"text": {"type": "string", "minLength": 60}},
        "required": ["text"],
        "additionalProperties": False,
    }
    prompt = chat(tools=[{"name": "say", "parameters": parameters}], toolChoice={"kind": "required"})
    whole, cut = {"maxTokens": 900}, {"maxTokens": 70}
    for task, more in (("whole", whole), ("cut", cut)):
        text, end = ready.answer(task, prompt=prompt, sampling={"temperature": 1, "seed": 5}, **more)
        assert (text, end["reason"]) == ("", "toolCalls" if task == "whole" else "length")
    ((said,), (begun,)) = ready.calls("whole"), ready.calls("cut")
    assert len(json.loads(said["arguments"])["text"]) >= 60
    assert begun["name"] == "say" and begun["arguments"] and said["arguments"].startswith(begun["arguments"])
    frames = [frame for frame in ready.seen if frame["type"] == "tokens"]
    told = [frame for frame in frames for item in frame["items"] if item["taskId"] == "whole" and item["content"]]
    assert len(told) > 40


def test_a_stop_string_ends_text_but_not_a_call(ready: RunnerProcess) -> None:
    prompt = chat(tools=TOOLS, toolChoice={"kind": "named", "name": "dice"})
    _, end = ready.answer("stopped", prompt=prompt, stop=["{", "n", '"', "}"], maxTokens=300)
    (call,) = ready.calls("stopped")
    assert end["reason"] == "toolCalls" and set(json.loads(call["arguments"])) == {"n", "kind"}


def test_constrained_and_free_answers_decode_side_by_side(ready: RunnerProcess) -> None:
    alone, _ = ready.answer("alone", text="free", maxTokens=30)
    ready.generate("held", format={"kind": "jsonSchema", "schema": SCHEMA}, maxTokens=200)
    ready.generate("free", text="free", maxTokens=30)
    ended: set[str] = set()
    ready.until(lambda frame: frame["type"] == "finished" and (ended.add(frame["taskId"]) or len(ended) == 2))
    assert ready.text("free") == alone
    json.loads(ready.text("held"))


def test_references_within_an_embedded_tool_schema_resolve() -> None:
    parameters = {"$defs": {"city": {"type": "string"}}, "properties": {"city": {"$ref": "#/$defs/city"}}}
    schema = call_schema([Tool(name="a"), Tool(name="b", parameters=parameters)])
    moved = schema["anyOf"][1]["properties"]["arguments"]["properties"]["city"]["$ref"]
    assert moved == "#/anyOf/1/properties/arguments/$defs/city"


def test_a_bias_forbids_and_compels(ready: RunnerProcess, tiny: Path) -> None:
    vocabulary = json.loads((tiny / "tokenizer.json").read_text())["model"]["vocab"]
    compelled, _ = ready.answer("compelled", maxTokens=5, sampling={"logitBias": {str(vocabulary["q"]): 100.0}})
    assert compelled == "qqqqq"
    plain, _ = ready.answer("plain", maxTokens=20)
    # The vocabulary writes a space as a G with a dot above.
    ban = {str(vocabulary[plain[0].replace(" ", "\u0120")]): -100.0}
    forbidden, _ = ready.answer("forbidden", maxTokens=20, sampling={"logitBias": ban})
    assert plain[0] not in forbidden
    _, beyond = ready.answer("beyond", maxTokens=20, sampling={"logitBias": {"999999999": 100.0}})
    assert (beyond["type"], beyond["code"]) == ("rejected", "invalid_request")
    assert "logit_bias has the token 999999999" in beyond["message"]


@pytest.mark.parametrize(("taking", "masking"), [(0.0, 0.1), (0.1, 0.0)])
def test_a_grammar_has_a_time_limit_for_taking_tokens_as_for_masks(
    taking: float, masking: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All requests of a batch wait for both."""
    now = 0.0

    class Slow:
        def pass_time(self, seconds: float) -> None:
            nonlocal now
            now += seconds

        def is_stopped(self) -> bool:
            return False

        def is_error(self) -> bool:
            return False

        def consume_token(self, _token: int) -> None:
            self.pass_time(taking)

        def compute_bitmask(self) -> bytes:
            self.pass_time(masking)
            return bytes(4)

    monkeypatch.setattr(constraints.time, "thread_time", lambda: now)
    constraint = GrammarConstraint(Slow(), begins_after=None)
    with pytest.raises(BadFormat, match="too long"):
        for _ in range(int(2 * MASK_SECONDS / 0.1)):
            constraint.take(1)
            constraint.mask()
