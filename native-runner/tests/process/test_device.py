"""Metal and CUDA devices are treated alike. The tests run without a GPU: MLX's device functions are faked."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import mlx.core as mx
import pytest

from muster_runner import device
from muster_runner.embedding.engine import max_batch_tokens
from muster_runner.engine.decoding import DecodingBatch
from muster_runner.engine.engine_options import prefill_steps
from muster_runner.engine.prefill import PrefillSteps
from muster_runner.model.loading import load
from muster_runner.model.part import Part
from muster_runner.model.warm_up import warm_up


class FakeDevice:
    """Stands for MLX on a machine with a GPU."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, kind: mx.DeviceType, info: dict[str, Any]):
        self.wired: list[int] = []
        monkeypatch.setattr(
            device,
            "mx",
            SimpleNamespace(
                DeviceType=mx.DeviceType,
                default_device=lambda: SimpleNamespace(type=kind),
                device_info=lambda: info,
                set_wired_limit=self.wired.append,
            ),
        )


def test_without_a_gpu_nothing_is_wired_and_steps_are_short(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeDevice(monkeypatch, mx.DeviceType.cpu, {"max_recommended_working_set_size": 5})
    device.wire_memory()
    assert (device.has_gpu(), fake.wired) == (False, [])
    assert prefill_steps(1 << 30, device.has_gpu()) == PrefillSteps(idle=256, busy=256, context=2048)
    assert max_batch_tokens(1 << 20) == 256


@pytest.mark.parametrize("info", [{"max_recommended_working_set_size": 5}, {"device_name": "CUDA"}])
def test_on_any_gpu_steps_are_long_while_no_request_decodes(
    monkeypatch: pytest.MonkeyPatch, info: dict[str, Any]
) -> None:
    fake = FakeDevice(monkeypatch, mx.DeviceType.gpu, info)
    device.wire_memory()
    assert device.has_gpu()
    # Only Metal recommends a limit.
    assert fake.wired == ([5] if "max_recommended_working_set_size" in info else [])
    assert prefill_steps(1 << 30, device.has_gpu()) == PrefillSteps(idle=2048, busy=512, context=16_384)
    assert prefill_steps(20 << 30, device.has_gpu()) == PrefillSteps(idle=2048, busy=256, context=16_384)
    assert max_batch_tokens(1 << 20) == 8192


def test_the_device_is_mlxs_default_device() -> None:
    assert device.has_gpu() == (mx.default_device().type == mx.DeviceType.gpu)


def test_on_a_gpu_warm_up_compiles_every_batch_width(monkeypatch: pytest.MonkeyPatch, tiny: Path) -> None:
    """Kernels are compiled for the shapes that they meet. The GPU is a fake; the model computes on the processor."""
    part = Part("Pipeline", 0, 4, 4)
    loaded = load(tiny, None, lambda _done, _layers: None, part)
    assert loaded.tokenizer is not None
    widths: set[int] = set()
    step = DecodingBatch.step

    def counted(batch: DecodingBatch) -> Any:
        widths.add(len(batch))
        return step(batch)

    monkeypatch.setattr(DecodingBatch, "step", counted)
    warm_up(loaded, loaded.tokenizer, None)
    assert widths == {1}
    monkeypatch.setattr("muster_runner.model.warm_up.has_gpu", lambda: True)
    warm_up(loaded, loaded.tokenizer, None)
    assert widths == {1, 2, 4, 8, 16, 32}


def test_warm_up_reports_progress(monkeypatch: pytest.MonkeyPatch, tiny: Path) -> None:
    loaded = load(tiny, None, lambda _done, _layers: None, Part("Pipeline", 0, 4, 4))
    assert loaded.tokenizer is not None
    monkeypatch.setattr("muster_runner.model.warm_up.has_gpu", lambda: True)
    told: list[tuple[int, int]] = []
    warm_up(loaded, loaded.tokenizer, None, lambda done, of: told.append((done, of)))
    assert told == [(done, 6) for done in range(6)]


def test_compiled_kernels_are_cached_by_mlx_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLX_PTX_CACHE_DIR", "")
    monkeypatch.delenv("MLX_PTX_CACHE_DIR")
    monkeypatch.setenv("MUSTER_KERNELS", "/data/kernels")
    device.keep_kernels()
    assert os.environ["MLX_PTX_CACHE_DIR"] == f"/data/kernels/{mx.__version__}"
