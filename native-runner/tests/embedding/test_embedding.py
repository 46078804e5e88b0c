"""The vectors of embedding models, compared with a numpy reference, and the detection of such models."""

import json
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest
from reference_encoders import Reference, mean, unit

from muster_runner.deferred import import_mlx_lm
from muster_runner.embedding.batches import Batches
from muster_runner.embedding.kind import makes_embeddings
from muster_runner.embedding.loading import Embedder, load_embedder
from muster_runner.embedding.make_tiny import (
    CONTEXT,
    FAMILIES,
    make_tiny_decoder,
    make_tiny_encoder,
    write_steps,
)
from muster_runner.embedding.pooling import pooled
from muster_runner.failures import Unsupported
from muster_runner.model.make_tiny import make_tiny
from muster_runner.model.model_files import ModelFileError, read_config

KINDS = Path(__file__).resolve().parents[3] / "src-core" / "protocols" / "examples" / "embedding-kinds.json"
SHORT, MIDDLE, LONG = [1, 20, 2], [1, *range(30, 70), 2], [1, *(5 + at % 250 for at in range(CONTEXT - 2)), 2]
TEXTS = [MIDDLE, SHORT, LONG, [1, 2]]


@pytest.fixture(autouse=True, scope="module")
def imported() -> None:
    import_mlx_lm()


def opened(directory: Path) -> Embedder:
    return load_embedder(directory, None, lambda _done, _layers: None).warmed_up()


def change(path: Path, **fields: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


@pytest.mark.parametrize("family", FAMILIES)
def test_an_encoders_vectors_are_those_of_its_weights_alone_and_among_texts_of_other_lengths(
    family: str, tmp_path: Path
) -> None:
    make_tiny_encoder(tmp_path, family)
    embedder, reference = opened(tmp_path), Reference(tmp_path)
    expected = np.stack([unit(mean(reference.hidden(tokens))) for tokens in TEXTS])
    np.testing.assert_allclose(np.array(embedder.vectors(TEXTS)), expected, atol=1e-4)
    alone = np.concatenate([np.array(embedder.vectors([tokens])) for tokens in TEXTS])
    np.testing.assert_allclose(alone, expected, atol=1e-4)
    # The reference tells texts apart: otherwise all of this would say nothing.
    assert np.abs(expected[0] - expected[2]).max() > 1e-2


@pytest.mark.parametrize("family", ["roberta", "mpnet"])
def test_texts_are_limited_to_the_available_positions(family: str, tmp_path: Path) -> None:
    make_tiny_encoder(tmp_path, family)
    (tmp_path / "sentence_bert_config.json").unlink()
    assert read_config(tmp_path)["max_position_embeddings"] == CONTEXT + 4
    assert opened(tmp_path).context_length == CONTEXT


@pytest.mark.parametrize("architecture", ["qwen2", "qwen3", "llama"])
def test_a_decoders_vector_is_its_last_tokens_hidden_state(architecture: str, tmp_path: Path) -> None:
    make_tiny_decoder(tmp_path / "headless", architecture)
    make_tiny(tmp_path / "whole", architecture, layers=2)
    from mlx_lm.utils import load_model

    whole, _ = load_model(tmp_path / "whole")
    embedder = opened(tmp_path / "headless")
    expected = np.stack([unit(np.array(whole.model(mx.array([tokens])))[0, -1]) for tokens in TEXTS])
    np.testing.assert_allclose(np.array(embedder.vectors(TEXTS)), expected, atol=1e-4)
    assert embedder.width == 64


def test_a_quantized_encoder_computes_with_its_weights(tmp_path: Path) -> None:
    make_tiny_encoder(tmp_path)
    exact = np.array(opened(tmp_path).vectors(TEXTS))
    weights = mx.load(str(tmp_path / "model.safetensors"))
    mx.eval(weights)
    quantized: dict[str, mx.array] = {}
    for name, value in weights.items():
        if value.ndim == 2 and "pooler" not in name:
            packed, scales, biases = mx.quantize(value, group_size=32, bits=8)
            module = name.removesuffix(".weight")
            quantized |= {name: packed, f"{module}.scales": scales, f"{module}.biases": biases}
        else:
            quantized[name] = value
    mx.save_safetensors(str(tmp_path / "model.safetensors"), quantized)
    change(tmp_path / "config.json", quantization={"group_size": 32, "bits": 8})
    embedder = opened(tmp_path)
    assert isinstance(embedder.network.layers[0].query, nn.QuantizedLinear)  # type: ignore[attr-defined]
    np.testing.assert_allclose(np.array(embedder.vectors(TEXTS)), exact, atol=2e-2)


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("cls", [1.0, -2.0]),
        ("lasttoken", [5.0, 6.0]),
        ("max", [5.0, 6.0]),
        ("mean", [3.0, 2.0]),
        ("mean_sqrt_len_tokens", [9 / 3**0.5, 6 / 3**0.5]),
        ("weightedmean", [(1 + 6 + 15) / 6, (-2 + 4 + 18) / 6]),
    ],
)
def test_pooling_ignores_padding(mode: str, expected: list[float]) -> None:
    hidden = mx.array([[[1.0, -2.0], [3.0, 2.0], [5.0, 6.0], [float("nan"), float("inf")]]])
    np.testing.assert_allclose(np.array(pooled(hidden, mx.array([3]), (mode,)))[0], expected, rtol=1e-6)


def test_several_pooling_modes_are_concatenated(tmp_path: Path) -> None:
    make_tiny_encoder(tmp_path)
    change(tmp_path / "1_Pooling" / "config.json", pooling_mode_cls_token=True)
    reference = Reference(tmp_path).hidden(MIDDLE)
    expected = unit(np.concatenate([reference[0], mean(reference)]))
    np.testing.assert_allclose(np.array(opened(tmp_path).vectors([MIDDLE]))[0], expected, atol=1e-4)


def test_vectors_are_not_normalized_without_a_normalize_step(tmp_path: Path) -> None:
    make_tiny_encoder(tmp_path)
    write_steps(tmp_path, "mean_tokens", normalize=False)
    expected = mean(Reference(tmp_path).hidden(MIDDLE))
    np.testing.assert_allclose(np.array(opened(tmp_path).vectors([MIDDLE]))[0], expected, atol=1e-4)


def test_a_model_without_a_recipe_uses_mean_pooling_and_normalizes(tmp_path: Path) -> None:
    make_tiny_encoder(tmp_path, pooling="cls_token")
    (tmp_path / "modules.json").unlink()
    expected = unit(mean(Reference(tmp_path).hidden(MIDDLE)))
    np.testing.assert_allclose(np.array(opened(tmp_path).vectors([MIDDLE]))[0], expected, atol=1e-4)


def test_unsupported_features_are_refused_by_name(tmp_path: Path) -> None:
    make_tiny_encoder(tmp_path)
    modules = json.loads((tmp_path / "modules.json").read_text())
    dense = {"idx": 3, "name": "3", "path": "3_Dense", "type": "sentence_transformers.models.Dense"}
    (tmp_path / "modules.json").write_text(json.dumps([*modules, dense]))
    with pytest.raises(Unsupported, match="Dense"):
        opened(tmp_path)
    (tmp_path / "modules.json").write_text(json.dumps(modules))
    (tmp_path / "1_Pooling" / "config.json").unlink()
    with pytest.raises(ModelFileError, match=r"config\.json is missing from .*1_Pooling"):
        opened(tmp_path)


def test_missing_or_nan_weights_are_reported_as_damaged_files(tmp_path: Path) -> None:
    make_tiny_encoder(tmp_path)
    path = tmp_path / "model.safetensors"
    weights = mx.load(str(path))
    mx.eval(weights)
    name = "encoder.layer.1.output.dense.weight"
    mx.save_safetensors(str(path), {**weights, name: mx.full(weights[name].shape, float("nan"))})
    with pytest.raises(ModelFileError, match=r"model\.safetensors \(encoder\.layer\.1\.output\.dense\.weight\)"):
        opened(tmp_path)
    mx.save_safetensors(str(path), {other: value for other, value in weights.items() if other != name})
    (tmp_path / "model.safetensors.index.json").unlink()
    with pytest.raises(ModelFileError, match=r"layers\.1\.down\.weight|lack"):
        opened(tmp_path)


@pytest.mark.parametrize("example", json.loads(KINDS.read_text(encoding="utf-8")))
def test_embedding_models_are_detected_as_by_the_node(example: dict[str, Any], tmp_path: Path) -> None:
    for name in example["files"]:
        (tmp_path / name).write_text("[]")
    assert makes_embeddings(tmp_path, example["modelId"], example["config"]) == example["embeds"]


def test_batches_are_limited_of_similar_length_and_fair() -> None:
    batches = Batches(max_tokens=40)
    batches.add("first", [[0] * 10] * 6 + [[0] * 30, [0] * 100])
    batches.add("second", [[0] * 10])
    taken = []
    while batch := batches.next():
        longest = max(len(piece.tokens) for piece in batch)
        assert len(batch) == 1 or longest * len(batch) <= 40
        assert min(len(piece.tokens) for piece in batch) >= longest / 2
        taken.append(batch)
    pieces = [(piece.task_id, piece.index) for batch in taken for piece in batch]
    assert sorted(pieces) == [*(("first", at) for at in range(8)), ("second", 0)]
    # A request of one text waits for one batch of another's, not for all of them.
    assert any(piece.task_id == "second" for piece in taken[1])
