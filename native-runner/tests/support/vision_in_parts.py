"""A prompt with two pictures, and its computation by mlx-lm's language model with a tower of mlx-vlm."""

import json
from collections.abc import Sequence
from pathlib import Path

import mlx.core as mx
from mlx_lm.models.cache import make_prompt_cache
from mlx_lm.utils import load_model
from vision_alone import encoded, picture

from muster_runner.engine.prefill import Prefill
from muster_runner.protocol import ImagePart, TextPart
from muster_runner.tokenization.encoder_messages import Pictured, decode_answer, encode_answer
from muster_runner.vision.picture_prompt import PicturePrompt
from muster_runner.vision.positions import shifted
from muster_runner.vision.tower import Tower, open_tower

# Of more than one patch in both directions: with Qwen they take more tokens than positions.
WIDE, HIGH = picture((255, 40, 0), (120, 60)), picture((0, 90, 255), (50, 110))


def two_pictures(directory: Path) -> Pictured:
    wide, high = (ImagePart(media_type="image/png", data=data) for data in (WIDE, HIGH))
    # Longer than the windows of the models that have some.
    text = TextPart(text="compare them, from left to right and from top to bottom. " * 2)
    return encoded(directory, TextPart(text="here"), wide, TextPart(text="and"), high, text)


def encoded_by(tower: Tower, pictured: Pictured) -> PicturePrompt:
    """Encodes the pictures of a prompt, one after the other."""
    encoding = tower.begin(pictured)
    while not encoding.is_done:
        encoding.advance()
    return encoding.prompt()


def in_parts(directory: Path, pictured: Pictured, chunk: int = 32, answer: Sequence[int] = ()) -> mx.array:
    """Returns the logits (vocabulary,) of the token after the prompt and the ``answer`` so far, both prefilled in parts
    of ``chunk`` tokens."""
    model, _ = load_model(directory)
    tower = open_tower(directory, json.loads((directory / "config.json").read_text()), model)
    assert tower is not None
    # As it comes from the encoder process.
    prompt = encoded_by(tower, decode_answer(encode_answer(pictured)))
    tokens = [*prompt.keys, *answer]
    prefill = Prefill(tokens, make_prompt_cache(model), 0, pictures=prompt)
    while prefill.remaining > 0:
        prefill.advance(model, chunk)
    cache = shifted(prefill.cache, prompt.shift) if prompt.shift else prefill.cache
    return model(mx.array([tokens[-1:]]), cache=cache)[0, -1]


def is_close(logits: mx.array, expected: mx.array) -> bool:
    return mx.abs(logits - expected).max().item() < 1e-3 * mx.abs(expected).max().item()
