"""Isolation: a bad request affects no other request."""

import gc
import json
import struct
import sys
import weakref
from typing import Any

import pytest
from runner_process import RunnerProcess

from muster_runner.cache.restoring import RestoredTokens
from muster_runner.engine.engine import Engine
from muster_runner.engine.engine_options import EngineOptions
from muster_runner.engine.intake import Prepared, Rejected
from muster_runner.engine.prefill import PrefillSteps
from muster_runner.model.architectures import Abilities
from muster_runner.output.answer_rules import AnswerRules
from muster_runner.protocol import GenerationRequest, Sampling, TextPrompt

HALF = "\ud83d"


def request_frame(task: str, content: str) -> bytes:
    prompt = {"kind": "chat", "messages": [{"role": "user", "parts": [{"type": "text", "text": content}]}]}
    request = {"taskId": task, "modelId": "m", "prompt": prompt, "sampling": {}, "stop": [], "maxTokens": 3}
    return json.dumps({"type": "generate", "request": request}, ensure_ascii=False).encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("escaped", [True, False])
@pytest.mark.parametrize("content", [HALF, f"a {HALF} b", f"{HALF}{HALF}", "\ude00\ud83d"])
def test_a_lone_surrogate_does_not_affect_other_requests(ready: RunnerProcess, escaped: bool, content: str) -> None:
    ready.generate("other", maxTokens=200)
    ready.until(lambda frame: frame["type"] == "tokens")
    if escaped:
        ready.generate("spoilt", text=content, maxTokens=3)
    else:
        body = request_frame("spoilt", content)
        ready.send_bytes(struct.pack("<I", len(body)) + body)
    assert ready.finished("spoilt")["type"] in ("finished", "rejected")
    assert ready.finished("other")["usage"]["completionTokens"] == 200
    ready.seen.clear()


@pytest.mark.parametrize(
    "field",
    [
        {"stop": [HALF]},
        {"modelId": HALF},
        {"taskId": f"task{HALF}"},
        {"stop": HALF},
        {"format": {"kind": HALF}},
        {"sampling": {"seed": HALF}},
    ],
)
def test_a_lone_surrogate_in_any_field_does_not_affect_other_requests(
    ready: RunnerProcess, field: dict[str, Any]
) -> None:
    ready.generate("odd", maxTokens=3, **field)
    _, end = ready.answer("after", maxTokens=3)
    assert end["type"] == "finished"
    ready.seen.clear()


class BrokenTokenizer:
    """Makes text of every token but one."""

    eos_token_ids: frozenset[int] = frozenset()

    def __init__(self, unsayable: int):
        self._unsayable = unsayable

    def template_source(self) -> str:
        return ""

    def added_tokens(self) -> tuple[list[str], list[str]]:
        return [], []

    def stream(self) -> "BrokenTokenizer":
        return self

    def add(self, token: int) -> str:
        if token == self._unsayable:
            raise ValueError("no text")
        return "x"


class OneStep:
    """A schedule whose every step draws the token that a request is named after."""

    def __init__(self) -> None:
        self.live: list[str] = []
        self.active, self.steps, self.mark, self.restored = 0, 0, 0, 0

    def join(self, task_id: str, _tokens: list[int], _draws: Any, _stops: Any, _pictures: Any) -> None:
        self.live.append(task_id)
        self.active = len(self.live)

    def step(self, _restored: int) -> list[Any]:
        return [
            type("News", (), {"task_id": task, "token": int(task), "logprobs": None, "finite": True, "error": None})
            for task in self.live
        ]

    def cached(self, _task_id: str) -> int:
        return 0

    def restored_tokens(self, _task_id: str) -> RestoredTokens:
        return RestoredTokens()

    def leave(self, task_ids: list[str]) -> None:
        self.live = [task for task in self.live if task not in task_ids]
        self.active = len(self.live)


def engine_with(tokenizer: Any, frames: list[dict[str, Any]]) -> Engine:
    options = EngineOptions(Abilities(), generation_config={}, prefill=PrefillSteps(8, 8), lookahead=False)
    engine = Engine(None, tokenizer, AnswerRules(tokenizer, None), options, emit=lambda **frame: frames.append(frame))
    engine._schedule = OneStep()
    return engine


def prepared(task: str, sampling: Any = None) -> Prepared:
    request = GenerationRequest(
        task_id=task, model_id="m", prompt=TextPrompt(text=""), sampling=sampling or Sampling(temperature=0), stop=[]
    )
    return Prepared(request, tokens=[1], limit=2, received=0.0)


def test_a_token_that_cannot_be_decoded_ends_only_its_request() -> None:
    frames: list[dict[str, Any]] = []
    engine = engine_with(BrokenTokenizer(unsayable=7), frames)
    for task in ("6", "7", "8"):
        engine.add(prepared(task))
    engine.step()
    assert [frame["taskId"] for frame in frames if frame["type"] == "rejected"] == ["7"]
    engine.step()
    assert {frame["taskId"] for frame in frames if frame["type"] == "finished"} == {"6", "8"}
    assert engine.active == 0


def test_a_request_is_kept_no_longer_than_until_it_has_joined() -> None:
    """Its pictures may take hundreds of megabytes, and its answer many minutes."""
    engine = engine_with(BrokenTokenizer(unsayable=7), [])
    asked = prepared("6")
    request, held = asked.request, weakref.ref(asked)
    references = sys.getrefcount(request)
    engine.add(asked)
    del asked
    gc.collect()
    assert held() is None
    # All but that of what was given to the engine.
    assert sys.getrefcount(request) == references - 1
    engine.step()
    assert engine.active == 1


def test_unusable_settings_refuse_only_their_request() -> None:
    engine = engine_with(BrokenTokenizer(unsayable=7), [])
    with pytest.raises(Rejected):
        engine.add(prepared("6", sampling="no sampling at all"))
    with pytest.raises(Rejected, match="already"):
        for _ in range(2):
            engine.add(prepared("8"))
    assert engine.active == 1
