"""What the language model computes of a prompt with pictures, in parts, against mlx-vlm's model in one pass."""

import json
from collections.abc import Callable
from pathlib import Path

import mlx.core as mx
import pytest
from mlx_lm.models.cache import make_prompt_cache
from mlx_lm.utils import load_model
from vision_alone import begin, encoded, picture

from muster_runner.engine.prefill import Prefill
from muster_runner.protocol import ImagePart, TextPart
from muster_runner.tokenization.encoder_messages import decode_answer, encode_answer
from muster_runner.vision.kind import PROCESSORS
from muster_runner.vision.make_tiny import make_tiny
from muster_runner.vision.tower import open_tower

WIDE, HIGH = picture((255, 40, 0), (120, 40)), picture((0, 90, 255), (40, 110))


@pytest.fixture(scope="module")
def tinies(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    folder = tmp_path_factory.mktemp("towers")

    def made(kind: str) -> Path:
        if not (folder / kind).exists():
            make_tiny(folder / kind, kind)
        return folder / kind

    return made


@pytest.mark.parametrize("chunk", [5, 32, 4096])
@pytest.mark.parametrize("kind", sorted(PROCESSORS))
def test_a_prompt_in_parts_gives_the_logits_of_mlx_vlm(kind: str, chunk: int, tinies) -> None:
    directory = tinies(kind)
    wide, high = (ImagePart(media_type="image/png", data=data) for data in (WIDE, HIGH))
    # Longer than the windows of the models that have some.
    text = TextPart(text="compare them, from left to right and from top to bottom. " * 2)
    pictured = encoded(directory, TextPart(text="here"), wide, TextPart(text="and"), high, text)
    expected = begin(directory, pictured).logits[0, -1]

    model, _ = load_model(directory)
    tower = open_tower(directory, json.loads((directory / "config.json").read_text()), model)
    assert tower is not None
    # As it comes from the encoder process.
    prompt = tower.prompt(decode_answer(encode_answer(pictured)))
    prefill = Prefill(prompt.keys, make_prompt_cache(model), 0, pictures=prompt)
    while prefill.remaining > 0:
        prefill.advance(model, chunk)
    last = mx.array([prompt.keys[-1:]])
    if prompt.shift:
        from muster_runner.vision.positions import shifted

        prefill.cache = shifted(prefill.cache, prompt.shift)
    logits = model(last, cache=prefill.cache)[0, -1]
    assert mx.abs(logits - expected).max().item() < 1e-3 * mx.abs(expected).max().item()
