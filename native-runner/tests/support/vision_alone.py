"""Prompts with pictures computed by mlx-vlm's own models, one at a time."""

import base64
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
from PIL import Image

from muster_runner.protocol import ChatPrompt, ImagePart, TextPart, UserMessage
from muster_runner.tokenization.encoder_messages import Picture, Pictured
from muster_runner.tokenization.prompts import Prompts
from muster_runner.tokenization.tokenizer import load_tokenizer
from muster_runner.vision.library import family
from muster_runner.vision.processing import Processing

CONTEXT = 4096


def picture(color: tuple[int, int, int], size: tuple[int, int] = (60, 40), kind: str = "PNG") -> str:
    """A file in base64 with a slope from black to a colour."""
    image = Image.new("RGB", size)
    image.putdata([tuple(c * x // size[0] for c in color) for _y in range(size[1]) for x in range(size[0])])
    data = io.BytesIO()
    image.save(data, kind)
    return base64.b64encode(data.getvalue()).decode()


def encoded(directory: Path, *parts: TextPart | ImagePart, context: int = CONTEXT) -> Pictured:
    """A prompt of one turn, as the encoder process prepares it."""
    config = json.loads((directory / "config.json").read_text())
    prompt = ChatPrompt(messages=[UserMessage(parts=list(parts))])
    return Processing(directory, config, Prompts(load_tokenizer(directory, config))).encode(prompt, context)


@dataclass
class Begun:
    """A prompt that mlx-vlm's model has computed. ``logits`` (1, tokens, vocabulary)."""

    language: Any
    cache: list[Any]
    logits: mx.array
    deltas: mx.array | None


def begin(directory: Path, pictured: Pictured) -> Begun:
    """Computes a prompt in one pass, as mlx-vlm's own generation does."""
    from mlx_vlm.models.cache import KVCache

    config = json.loads((directory / "config.json").read_text())
    module = family(config["model_type"])
    arguments = module.ModelConfig.from_dict(dict(config))
    arguments.vision_config = module.VisionConfig.from_dict(config["vision_config"])
    arguments.text_config = module.TextConfig.from_dict(config.get("text_config", config))
    model = module.Model(arguments)
    model.load_weights(list(mx.load(str(directory / "model.safetensors")).items()))
    language = model.language_model
    tokens = mx.array([pictured.tokens])
    arrays = together(pictured.pictures)
    seen = model.get_input_embeddings(tokens, mask=mx.ones_like(tokens), **arrays)
    told = {name: value for name, value in seen.to_dict().items() if value is not None}
    if config["model_type"] == "gemma4":
        told["mm_token_type_ids"] = (tokens == pictured.token).astype(mx.int32)
    cache = language.make_cache() if hasattr(language, "make_cache") else [KVCache() for _ in language.layers]
    return Begun(language, cache, language(tokens, cache=cache, **told).logits, seen.rope_deltas)


def answered(begun: Begun, tokens: Sequence[int]) -> mx.array:
    """Returns the logits (vocabulary,) after further tokens of an answer."""
    more = {} if begun.deltas is None else {"rope_deltas": begun.deltas}
    logits = begun.logits
    for token in tokens:
        logits = begun.language(mx.array([[token]]), cache=begun.cache, **more).logits
    return logits[0, -1]


def together(pictures: Sequence[Picture]) -> dict[str, Any]:
    """Returns the arrays as mlx-vlm's processors give those of several pictures at once."""
    found: dict[str, Any] = {}
    for name in pictures[0].arrays:
        parts = [each.arrays[name] for each in pictures]
        if len({part.shape[1:] for part in parts}) > 1 and "image_sizes" in pictures[0].arrays:
            sides = [max(part.shape[axis] for part in parts) for axis in (2, 3)]
            room = [
                [(0, 0), (0, 0), *((0, most - part.shape[2 + at]) for at, most in enumerate(sides))] for part in parts
            ]
            parts = [np.pad(part, around) for part, around in zip(parts, room, strict=True)]
        same = len({part.shape[1:] for part in parts}) == 1
        found[name] = mx.array(np.concatenate(parts)) if same else [mx.array(part[0]) for part in parts]
    return found


def greedy(directory: Path, count: int, *parts: TextPart | ImagePart) -> list[int]:
    """Returns the first ``count`` tokens of the answer."""
    begun = begin(directory, encoded(directory, *parts))
    logits, drawn = begun.logits[0, -1], []
    for _ in range(count):
        drawn.append(int(mx.argmax(logits).item()))
        logits = answered(begun, drawn[-1:])
    return drawn
