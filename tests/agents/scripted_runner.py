"""The real runner with a model whose words are written down; all else, from the prompt to the tool call, is real.

The file SCRIPT, read for each request, is a JSON object: ``calls`` has arguments by the names of tools, ``otherwise``
is a text. The first of these tools that is offered is called once; with its result the answer is ``It says: `` and the
result. Where none is offered the answer is ``otherwise``.

use: SCRIPT=FILE python scripted_runner.py …, as ``python -m muster_runner`` is used."""

import dataclasses
import json
import os
import runpy
from pathlib import Path

import numpy as np
from muster_runner.engine import engine
from muster_runner.protocol import ChatPrompt, ToolMessage

SCRIPT = Path(os.environ["SCRIPT"])


class Spoken:
    """Allows one token at a time: the next one of a text that is written down."""

    def __init__(self, tokens: list[int]):
        self._left = tokens

    def take(self, token: int) -> None:
        self._left = self._left[1:] if self._left[:1] == [token] else self._left

    def mask(self) -> np.ndarray | None:
        if not self._left:
            return None
        bits = np.zeros(self._left[0] // 32 + 1, dtype=np.uint32)
        bits[-1] = np.uint32(1) << np.uint32(self._left[0] % 32)
        return bits


def answer(prompt: ChatPrompt) -> str:
    script = json.loads(SCRIPT.read_text())
    results = [part for message in prompt.messages if isinstance(message, ToolMessage) for part in message.parts]
    if results:
        return "It says: " + "\n".join(part.text for part in results[-1].content)
    offered = [tool.name for tool in prompt.tools if tool.name in script["calls"]]
    if not offered:
        return script["otherwise"]
    return f"<tool_call>\n{json.dumps({'name': offered[0], 'arguments': script['calls'][offered[0]]})}\n</tool_call>"


_add = engine.Engine.add


def add(self, prepared):
    prompt = prepared.request.prompt
    if isinstance(prompt, ChatPrompt):
        end = min(self._tokenizer.eos_token_ids)
        tokens = [*self._tokenizer.encode(answer(prompt), templated=True), end]
        prepared = dataclasses.replace(prepared, constraint=Spoken(tokens))
    _add(self, prepared)


engine.Engine.add = add
runpy.run_module("muster_runner", run_name="__main__", alter_sys=True)
