"""The text that mlx-lm generates for one prompt alone, as a reference for runner processes."""

from functools import cache
from pathlib import Path
from typing import Any

import mlx.core as mx
from mlx.utils import tree_flatten
from mlx_lm.generate import generate_step
from mlx_lm.utils import load_model

from muster_runner.model.model_files import read_config
from muster_runner.protocol import ChatPrompt, TextPart, UserMessage
from muster_runner.tokenization.prompts import Prompts
from muster_runner.tokenization.tokenizer import load_tokenizer


@cache
def _loaded(model: Path) -> tuple[Any, Any]:
    return load_model(model)[0], load_tokenizer(model, read_config(model))


def text_alone(model: Path, text: str, tokens: int) -> str:
    """Returns the greedy answer of ``tokens`` tokens to a message."""
    loaded, tokenizer = _loaded(model)
    prompt = Prompts(tokenizer).encode(ChatPrompt(messages=[UserMessage(parts=[TextPart(text=text)])]), context=1 << 20)
    return tokenizer.decode([int(token) for token, _ in generate_step(mx.array(prompt), loaded, max_tokens=tokens)])


def weight_bytes(model: Path) -> int:
    return sum(value.nbytes for _, value in tree_flatten(_loaded(model)[0].parameters()))
