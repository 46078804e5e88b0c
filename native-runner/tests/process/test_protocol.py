"""The pipe protocol: runner and supervisor are tested with the same example files (vitest reads them too), and the
structs of the commands are compared with the supervisor's schema field by field."""

import ast
import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from event_frames import SCHEMA, check_event
from jsonschema import Draft202012Validator
from schema_facts import facts

from muster_runner import protocol
from muster_runner.protocol import Command, ProtocolError, Record, parse_command

EXAMPLES = Path(__file__).resolve().parents[3] / "src-core" / "protocols" / "examples" / "runner"
SOURCES = Path(protocol.__file__).parent
COMMANDS = SCHEMA["$defs"]["command"]

CHOICE = "command<generate>.request.prompt<chat>.toolChoice"
FREE, NAMED = f"{CHOICE}<auto|none|required>", f"{CHOICE}<named>"
SEED = "command<generate>.request.sampling.seed"
# Where the two say the same in ways that cannot be compared: the reason, what runner.ts has, what protocol.py has.
EXCEPTIONS = [
    (
        "msgspec tells the members of a union apart by one literal each, and three kinds have no name: here it is one"
        " struct, and which kind has a name is checked in its __post_init__",
        {
            *(f"{each} {fact}" for each in (FREE, NAMED) for fact in ("is possible", "is of type object")),
            *(f"{each} has no other fields" for each in (FREE, NAMED)),
            *(f"{each}.kind is required" for each in (FREE, NAMED)),
            f"{FREE}.kind is one of auto, none, required",
            f"{NAMED}.kind is one of named",
            f"{NAMED}.name is required",
            f"{NAMED}.name is of type string",
            f"{NAMED}.name has minLength 1",
            f"{NAMED}.name has maxLength 200",
        },
        {
            f"{CHOICE} is of type object",
            f"{CHOICE} has no other fields",
            f"{CHOICE}.kind is required",
            f"{CHOICE}.kind is one of auto, named, none, required",
            f"{CHOICE}.name is optional",
            f"{CHOICE}.name is of type string",
            f"{CHOICE}.name has minLength 1",
            f"{CHOICE}.name has maxLength 200",
        },
    ),
    (
        "in JavaScript an integer of 64 bits is a number, and msgspec's bounds end below 2^64",
        {
            f"{SEED} is of type number",
            f"{SEED} has multipleOf 1",
            f"{SEED} has minimum -9223372036854776000",
            f"{SEED} has maximum 18446744073709552000",
        },
        {f"{SEED} is of type integer"},
    ),
]


def examples(file: str) -> list[Any]:
    return [
        pytest.param(example["frame"], example["valid"], id=example["name"])
        for example in json.loads((EXAMPLES / file).read_text(encoding="utf-8"))
    ]


def matches_schema(frame: dict[str, Any], kind: str) -> bool:
    return Draft202012Validator({**SCHEMA, "$ref": f"#/$defs/{kind}"}).is_valid(frame)


def differences(commands: Any) -> tuple[set[str], set[str]]:
    """What only ``commands``, a schema like that of runner.ts, demands of a command, and what only the structs do."""
    (own,), definitions = msgspec.json.schema_components([Command])
    theirs, ours = set(facts(commands, "command")), set(facts(own, "command", definitions))
    return theirs - ours, ours - theirs


@pytest.mark.parametrize(("frame", "valid"), examples("commands.json"))
def test_commands_are_accepted_or_refused_as_by_the_schema(frame: dict[str, Any], valid: bool) -> None:
    assert matches_schema(frame, "command") == valid
    if valid:
        parse_command(frame)
    else:
        with pytest.raises(ProtocolError):
            parse_command(frame)


def test_the_structs_demand_of_every_field_what_the_schema_does() -> None:
    theirs, ours = differences(COMMANDS)
    known_theirs, known_ours = (set().union(*sides) for sides in list(zip(*EXCEPTIONS, strict=True))[1:])
    assert sorted(theirs - known_theirs) == [], "only runner.ts demands this"
    assert sorted(ours - known_ours) == [], "only protocol.py demands this"
    assert sorted((known_theirs - theirs) | (known_ours - ours)) == [], "these are no exceptions any more"


def test_rules_over_several_fields_are_only_those_that_are_known_to_be_in_the_schema() -> None:
    structs = [each for each in vars(protocol).values() if isinstance(each, type) and issubclass(each, Record)]
    assert [each.__name__ for each in structs if hasattr(each, "__post_init__")] == ["ToolChoice"]


def command(name: str, commands: Any) -> Any:
    (found,) = [each for each in commands["oneOf"] if each["properties"]["type"]["const"] == name]
    return found


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda them: them["oneOf"].remove(command("cancel", them)), {"command<cancel> is possible"}),
        (
            lambda them: command("load", them)["properties"].pop("kvBits"),
            {"command<load>.kvBits is optional", "command<load>.kvBits is one of 8"},
        ),
        (
            lambda them: command("load", them)["properties"].update(room={"type": "integer"}),
            {"command<load>.room is optional", "command<load>.room is of type integer"},
        ),
        (lambda them: command("wake", them)["required"].remove("epoch"), {"command<wake>.epoch is optional"}),
        (
            lambda them: command("load", them)["properties"]["concurrency"].update(maximum=2048),
            {"command<load>.concurrency has maximum 1024", "command<load>.concurrency has maximum 2048"},
        ),
        (
            lambda them: command("load", them)["properties"]["sharding"]["enum"].append("Expert"),
            {"command<load>.sharding is one of Expert, Pipeline, Tensor"},
        ),
        (
            lambda them: command("load", them)["properties"]["ring"]["properties"]["hosts"]["items"]["anyOf"].pop(),
            {"command<load>.ring.hosts[]<null> is possible"},
        ),
        (
            lambda them: command("shutdown", them).pop("additionalProperties"),
            {"command<shutdown> has no other fields"},
        ),
    ],
    ids=["message", "field", "other field", "optional", "bound", "member", "null", "unknown fields"],
)
def test_a_difference_is_told_by_name(change: Callable[[Any], Any], told: set[str]) -> None:
    changed = copy.deepcopy(COMMANDS)
    change(changed)
    assert told <= set().union(*differences(changed))


@pytest.mark.parametrize(("frame", "valid"), examples("events.json"))
def test_a_runners_events_match_the_schema(frame: dict[str, Any], valid: bool) -> None:
    assert matches_schema(frame, "event") == valid


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "nothing"},
        {"type": "wake", "epoch": 0},
        {"type": "heartbeat", "steps": 1, "active": 0, "spare": 1},
        {"type": "finished", "taskId": "a", "reason": "stop", "usage": {"promptTokens": 1, "cachedTokens": 0}},
    ],
)
def test_an_event_that_the_schema_does_not_have_fails_the_test_that_sees_it(frame: dict[str, Any]) -> None:
    with pytest.raises(AssertionError, match=frame["type"]):
        check_event(frame)


def test_the_runner_knows_every_event_of_the_schema_and_every_field() -> None:
    known: set[str] = set()
    for file in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg is not None:
                known.add(node.arg)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                known.add(node.value)
    assert sorted(names(SCHEMA["$defs"]["event"]) - known) == []


def names(schema: Any) -> set[str]:
    """The names of all fields of a schema, and the literals that tell its members apart."""
    if isinstance(schema, list):
        return set().union(*map(names, schema))
    if not isinstance(schema, dict):
        return set()
    own = {*schema.get("properties", {}), *([schema["const"]] if isinstance(schema.get("const"), str) else [])}
    return own.union(*map(names, schema.values()))
