"""The digests under which blocks are kept."""

import os
import shutil
from pathlib import Path

import mlx.core as mx
import pytest

from muster_runner.cache.model_digest import adapter_digest, model_digest
from muster_runner.protocol import Adapter

WEIGHTS = {f"layers.{at}.weight": mx.arange(3000, dtype=mx.float32) + at for at in range(4)}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    mx.save_safetensors(str(folder / "model.safetensors"), WEIGHTS)
    return folder


def test_a_copy_of_the_files_on_another_machine_has_the_same_digest(model: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(model, copy)
    for path in copy.iterdir():
        os.utime(path, (1, 1))
    assert model_digest(copy, "0.1") == model_digest(model, "0.1")
    shutil.copy(model / "config.json", model / "adapter_config.json")
    shutil.copy(model / "config.json", copy / "adapter_config.json")
    adapters = [Adapter(adapter_id="an/adapter", adapter_path=str(folder)) for folder in (model, copy)]
    assert adapter_digest(adapters[0]) == adapter_digest(adapters[1]) != adapter_digest(None)


def test_the_digest_depends_on_what_the_keys_and_values_depend_on(model: Path) -> None:
    first = model_digest(model, "0.1")
    assert first == model_digest(model, "0.1") != model_digest(model, "0.2")
    (model / "config.json").write_text("{ }")
    assert model_digest(model, "0.1") != first


@pytest.mark.parametrize("changed", WEIGHTS)
def test_another_value_of_any_tensor_changes_the_digest(model: Path, changed: str) -> None:
    first = model_digest(model)
    mx.save_safetensors(str(model / "model.safetensors"), WEIGHTS | {changed: WEIGHTS[changed] * 2})
    assert model_digest(model) != first


@pytest.mark.parametrize("content", [b"", b"short", b"\xff" * 100, b"\x02" + b"\0" * 7 + b"[]", b"\0" * 100_000])
def test_a_damaged_file_has_a_digest_too(model: Path, content: bytes) -> None:
    (model / "model.safetensors").write_bytes(content)
    assert model_digest(model) == model_digest(model)
