"""Vision models as they are published, by names, layouts and dtypes of weights, and with files that do not fit."""

import hashlib
import json
import warnings
from pathlib import Path

import mlx.core as mx
import pytest
from mlx_lm.utils import load_model
from vision_alone import begin, encoded
from vision_checkpoints import changed, dequantized, edit, published, quantized
from vision_in_parts import WIDE, in_parts, is_close, two_pictures

from muster_runner.model.model_files import ModelFileError
from muster_runner.protocol import ImagePart, TextPart
from muster_runner.vision.kind import PROCESSORS
from muster_runner.vision.pictures import BadPicture
from muster_runner.vision.tiny_families import tiny_family
from muster_runner.vision.tower import Tower, open_tower

PICTURE = ImagePart(media_type="image/png", data=WIDE)


def opened(directory: Path) -> Tower | None:
    model, _ = load_model(directory)
    return open_tower(directory, json.loads((directory / "config.json").read_text()), model)


@pytest.mark.parametrize(
    ("kind", "nested"), [*((kind, False) for kind in sorted(PROCESSORS)), ("qwen2_vl", True), ("qwen2_5_vl", True)]
)
def test_a_model_of_pytorch_gives_the_same_logits(kind: str, nested: bool, seeing_tiny, tmp_path: Path) -> None:
    directory = seeing_tiny(kind)
    copy = changed(directory, tmp_path / kind, lambda weights: published(kind, weights, nested))
    pictured = two_pictures(copy)
    assert is_close(in_parts(copy, pictured), begin(directory, pictured).logits[0, -1])


@pytest.mark.parametrize("kind", ["qwen3_5", "gemma4", "mistral3"])
def test_parts_of_a_quantized_model_have_settings_of_their_own(kind: str, seeing_tiny, tmp_path: Path) -> None:
    directory = seeing_tiny(kind)
    # config.json may name these parts as PyTorch does, so that mlx-vlm's names are not in it.
    parts = {"vision_tower": (8, 32), "multi_modal_projector": (8, 32), "language_model": (4, 64)}
    settings = {"group_size": 64, "bits": 4, "model.visual.pos_embed": {"group_size": 32, "bits": 8}}
    copy = changed(directory, tmp_path / "quantized", lambda weights: quantized(weights, parts), quantization=settings)
    plain = changed(directory, tmp_path / "plain", lambda weights: dequantized(weights, parts))
    pictured = two_pictures(copy)
    assert is_close(in_parts(copy, pictured), begin(plain, pictured).logits[0, -1])


@pytest.mark.parametrize("kind", sorted(PROCESSORS))
def test_settings_for_what_is_not_read_are_not_warned_of(kind: str, seeing_tiny) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        two_pictures(seeing_tiny(kind))


def test_without_a_tower_the_model_reads_text(seeing_tiny, tmp_path: Path) -> None:
    directory = seeing_tiny("qwen3_vl")
    copy = changed(
        directory,
        tmp_path / "text",
        lambda weights: {name: each for name, each in weights.items() if name.startswith("language_model")},
    )
    assert opened(copy) is None


@pytest.mark.parametrize("kind", ["qwen3_vl", "mistral3"])
def test_a_tower_of_another_dtype_leaves_that_of_the_kv_cache(kind: str, seeing_tiny, tmp_path: Path) -> None:
    def halved(weights: dict[str, mx.array]) -> dict[str, mx.array]:
        language = {name for name in weights if name.startswith("language_model")}
        return weights | {name: weights[name].astype(mx.bfloat16) for name in language}

    copy = changed(seeing_tiny(kind), tmp_path / kind, halved)
    assert in_parts(copy, two_pictures(copy)).dtype == mx.bfloat16


def test_a_model_whose_config_names_another_placeholder_does_not_answer_without_the_picture(
    seeing_tiny, tmp_path: Path
) -> None:
    copy = changed(seeing_tiny("gemma4"), tmp_path / "other", image_token_id=5)
    with pytest.raises(ValueError, match=r"placeholder of config\.json"):
        in_parts(copy, two_pictures(copy))


@pytest.mark.parametrize(
    ("kind", "name", "says"),
    [
        ("pixtral", "processor_config.json", "32 vectors for 28 placeholders"),
        ("qwen3_vl", "preprocessor_config.json", "settings do not fit the vision tower"),
    ],
)
def test_a_processor_that_cuts_pictures_otherwise_than_the_tower_is_refused(
    kind: str, name: str, says: str, seeing_tiny, tmp_path: Path
) -> None:
    copy = changed(seeing_tiny(kind), tmp_path / "other")
    edit(copy / name, patch_size=16)
    with pytest.raises(ValueError, match=says):
        in_parts(copy, two_pictures(copy))


@pytest.mark.parametrize("part", ["vision_tower.merger", "vision_tower.deepstack_merger_list.1"])
def test_a_tower_that_gives_no_numbers_is_refused(part: str, seeing_tiny, tmp_path: Path) -> None:
    def broken(weights: dict[str, mx.array]) -> dict[str, mx.array]:
        return weights | {name: weights[name] * float("nan") for name in weights if name.startswith(part)}

    copy = changed(seeing_tiny("qwen3_vl"), tmp_path / "broken", broken)
    with pytest.raises(ValueError, match="no numbers"):
        in_parts(copy, two_pictures(copy))


def test_layers_that_a_tower_does_not_have_are_refused_when_it_is_loaded(seeing_tiny, tmp_path: Path) -> None:
    sight = json.loads((seeing_tiny("qwen3_vl") / "config.json").read_text())["vision_config"]
    copy = changed(
        seeing_tiny("qwen3_vl"), tmp_path / "deep", vision_config=sight | {"deepstack_visual_indexes": [5, 1]}
    )
    with pytest.raises(ModelFileError, match=r"deepstack_visual_indexes is \[5, 1\]"):
        opened(copy)


@pytest.mark.parametrize("kind", sorted(PROCESSORS))
def test_what_processors_write_in_a_prompt_stays_text_where_a_client_writes_it(kind: str, seeing_tiny) -> None:
    marks = "".join(["<|placeholder|>", *tiny_family(kind).special])
    plain = encoded(seeing_tiny(kind), PICTURE, TextPart(text="x"))
    typed = encoded(seeing_tiny(kind), PICTURE, TextPart(text=marks))
    assert typed.tokens.count(typed.token) == plain.tokens.count(plain.token)
    # Each of their characters is a token.
    assert len(typed.tokens) == len(plain.tokens) - 1 + len(marks)


@pytest.mark.parametrize(
    ("kind", "name"), [("qwen3_vl", "preprocessor_config.json"), ("gemma4", "processor_config.json")]
)
def test_settings_that_cannot_be_used_are_told(kind: str, name: str, seeing_tiny, tmp_path: Path) -> None:
    copy = changed(seeing_tiny(kind), tmp_path / kind)
    (copy / name).write_text("{")
    with pytest.raises(BadPicture, match="the model's settings for pictures cannot be used"):
        two_pictures(copy)


def test_a_picture_has_other_keys_with_other_settings(seeing_tiny, tmp_path: Path) -> None:
    copy = changed(seeing_tiny("qwen3_vl"), tmp_path / "other")
    before = encoded(copy, PICTURE).hashes
    assert encoded(copy, PICTURE).hashes == before
    edit(copy / "preprocessor_config.json", image_mean=[0.4] * 3)
    assert encoded(copy, PICTURE).hashes != before
    assert {len(each) for each in before} == {hashlib.sha256().digest_size}
