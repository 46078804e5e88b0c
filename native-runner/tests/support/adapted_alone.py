"""A model with a LoRA adapter, by mlx-lm alone and as a runner is told of it."""

from pathlib import Path
from typing import Any

import mlx.core as mx
from mlx_lm.generate import generate_step
from mlx_lm.utils import load_adapters, load_model

from muster_runner.tokenization.tokenizer import load_tokenizer


def told(path: Path) -> dict[str, Any]:
    return {"adapter": {"adapterId": "muster/adapter", "adapterPath": str(path)}}


def by_mlx_lm(model_path: Path, adapter: Path, text: str, tokens: int) -> str:
    """The greedy text of mlx-lm alone, for the prompt that the tiny model's template makes."""
    model, config = load_model(model_path)
    model = load_adapters(model, str(adapter))
    model.eval()
    tokenizer = load_tokenizer(model_path, config)
    prompt = f"<|im_start|>user\n{text}<|im_end|>\n<|im_start|>assistant\n"
    ids = tokenizer.encode(prompt, templated=True)
    steps = generate_step(mx.array(ids), model, max_tokens=tokens)
    return tokenizer.decode([int(token) for token, _ in steps])
