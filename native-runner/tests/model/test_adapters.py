"""A LoRA adapter changes what a model answers, exactly as it does in mlx-lm."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from adapted_alone import by_mlx_lm, told
from kept_blocks import disk, wait_for_files
from runner_process import RunnerGroup, RunnerProcess
from text_alone import text_alone

from muster_runner.failures import Unsupported
from muster_runner.model.loading import load
from muster_runner.model.make_tiny import make_tiny
from muster_runner.model.make_tiny_adapter import make_tiny_adapter
from muster_runner.model.model_files import ModelFileError
from muster_runner.model.part import Part
from muster_runner.protocol import Adapter

TEXT = "once upon a time " * 40
TOKENS = 24


@pytest.fixture(scope="module")
def adapter(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("adapters") / "one"
    make_tiny_adapter(out, tiny)
    return out


@pytest.mark.parametrize("dora", [False, True], ids=["lora", "dora"])
def test_answers_are_those_of_mlx_lm_with_the_adapter_and_not_those_without(
    tiny: Path, tmp_path: Path, runners: Callable[[], RunnerProcess], dora: bool
) -> None:
    make_tiny_adapter(tmp_path / "adapter", tiny, seed=3, dora=dora)
    adapted = runners()
    adapted.ready(tiny, **told(tmp_path / "adapter"))
    answer, _ = adapted.answer("with", text="hello there", maxTokens=TOKENS)
    assert answer != text_alone(tiny, "hello there", TOKENS)
    assert answer == by_mlx_lm(tiny, tmp_path / "adapter", "hello there", TOKENS)


def test_a_pipeline_with_an_adapter_answers_like_mlx_lm(tiny: Path, adapter: Path, group: RunnerGroup) -> None:
    group.ready(tiny, "Pipeline", **told(adapter))
    answer, _ = group.first.answer("together", text="hello", maxTokens=TOKENS)
    assert answer == by_mlx_lm(tiny, adapter, "hello", TOKENS)


def test_cached_prefixes_of_an_adapter_serve_neither_the_plain_model_nor_another_adapter(
    tiny: Path, adapter: Path, tmp_path: Path, runners: Callable[[], RunnerProcess]
) -> None:
    make_tiny_adapter(tmp_path / "other", tiny, seed=5)
    kept = tmp_path / "kept"

    def cached(*adapters: Path) -> int:
        runner = runners()
        runner.ready(tiny, **disk(kept), **(told(adapters[0]) if adapters else {}))
        _, end = runner.answer("one", text=TEXT, maxTokens=4)
        runner.answer("other", text="else", maxTokens=1)
        wait_for_files(kept, 3)
        return int(end["usage"]["cachedTokens"])

    assert cached(adapter) == 0
    assert cached() == 0
    assert cached(tmp_path / "other") == 0
    assert cached(adapter) >= 512


def of_another_model(tiny: Path, folder: Path) -> None:
    make_tiny(folder / "model", hidden=32)
    make_tiny_adapter(folder, folder / "model")


def without_weights(tiny: Path, folder: Path) -> None:
    make_tiny_adapter(folder, tiny)
    (folder / "adapters.safetensors").unlink()


def without_scale(tiny: Path, folder: Path) -> None:
    make_tiny_adapter(folder, tiny)
    path = folder / "adapter_config.json"
    config = json.loads(path.read_text())
    del config["lora_parameters"]["scale"]
    path.write_text(json.dumps(config))


@pytest.mark.parametrize(
    ("spoil", "error", "said"),
    [
        (of_another_model, Unsupported, "trained for another model"),
        (without_weights, ModelFileError, "adapters.safetensors is missing"),
        (without_scale, Unsupported, "scale"),
    ],
)
def test_an_adapter_that_does_not_fit_fails_the_load_by_name(
    tiny: Path, tmp_path: Path, spoil: Any, error: type[Exception], said: str
) -> None:
    spoil(tiny, tmp_path / "adapter")
    adapter = Adapter(adapter_id="muster/adapter", adapter_path=str(tmp_path / "adapter"))
    with pytest.raises(error, match=said):
        load(tiny, None, lambda _done, _layers: None, Part("Pipeline", 0, 4, 4), adapter=adapter)


def test_a_runner_reports_why_an_adapter_cannot_be_used(tiny: Path, tmp_path: Path, runner: RunnerProcess) -> None:
    without_weights(tiny, tmp_path / "adapter")
    runner.hello()
    runner.load(tiny, **told(tmp_path / "adapter"))
    failed = runner.until(lambda frame: frame["type"] == "failed")
    assert failed["code"] == "model_file" and "adapters.safetensors is missing" in failed["errorMessage"]
