"""A runner of an embedding model, as its supervisor has it."""

import base64
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from reference_encoders import Reference, mean, unit
from runner_process import RunnerProcess

from muster_runner.embedding.make_tiny import BEGIN, CONTEXT, END, make_tiny_encoder
from muster_runner.tokenization.tokenizer import BYTE_CHARACTERS

FIRST_BYTE = 4


def tokens_of(text: str) -> list[int]:
    """As the tiny tokenizer has it: one for each byte, between two special ones."""
    order = {character: at for at, character in enumerate(sorted(BYTE_CHARACTERS, key=BYTE_CHARACTERS.__getitem__))}
    byte = {value: order[character] for character, value in BYTE_CHARACTERS.items()}
    return [BEGIN, *(FIRST_BYTE + byte[each] for each in text.encode()), END]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("models") / "tiny-encoder"
    make_tiny_encoder(out)
    return out


@pytest.fixture(scope="module")
def ready(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunnerProcess]:
    process = RunnerProcess(tmp_path_factory.mktemp("pipes"))
    process.ready(model)
    yield process
    process.close()


def embed(runner: RunnerProcess, task: str, inputs: list[Any], **more: Any) -> None:
    runner.generate(task, prompt={"kind": "embed", "inputs": inputs, **more})


def vectors(runner: RunnerProcess, task: str) -> list[np.ndarray]:
    """Of a task that has finished."""
    frames = [frame for frame in runner.seen if frame["type"] == "embeddings" and frame["taskId"] == task]
    by_index = {item["index"]: item["vector"] for frame in frames for item in frame["items"]}
    return [np.frombuffer(base64.b64decode(by_index[at]), dtype="<f4") for at in range(len(by_index))]


def test_each_input_gets_the_vector_of_its_tokens(ready: RunnerProcess, model: Path) -> None:
    texts = ["a", "the quick brown fox", "é" * 30, "jumps over the lazy dog " * 4]
    embed(ready, "texts", [*texts, tokens_of("a")])
    end = ready.finished("texts")
    reference = Reference(model)
    expected = [unit(mean(reference.hidden(tokens_of(text)))) for text in [*texts, "a"]]
    np.testing.assert_allclose(vectors(ready, "texts"), expected, atol=1e-4)
    count = sum(len(tokens_of(text)) for text in [*texts, "a"])
    assert end["usage"] == {"promptTokens": count, "cachedTokens": 0, "completionTokens": 0}


def test_many_inputs_come_in_several_frames(ready: RunnerProcess) -> None:
    embed(ready, "many", [f"{at}" for at in range(300)])
    assert ready.finished("many")["reason"] == "stop"
    found = vectors(ready, "many")
    assert len(found) == 300
    assert sum(frame["type"] == "embeddings" and frame["taskId"] == "many" for frame in ready.seen) > 1


def test_a_text_that_is_too_long_is_refused_by_index_or_truncated(ready: RunnerProcess, model: Path) -> None:
    long = "x" * CONTEXT
    embed(ready, "refused", ["short", long])
    end = ready.finished("refused")
    assert (end["code"], end["message"]) == (
        "context_length_exceeded",
        f"input[1] has {CONTEXT + 2} tokens, and the model takes {CONTEXT}; shorten it",
    )
    embed(ready, "cut", [long, tokens_of(long)], truncate=True)
    ready.finished("cut")
    reference = Reference(model)
    # A text that was cut still ends as texts do; tokens are taken as they are.
    kept = [tokens_of("x" * (CONTEXT - 2)), tokens_of(long)[:CONTEXT]]
    expected = [unit(mean(reference.hidden(tokens))) for tokens in kept]
    np.testing.assert_allclose(vectors(ready, "cut"), expected, atol=1e-4)


def test_shortened_vectors_are_normalized_prefixes(ready: RunnerProcess) -> None:
    embed(ready, "whole", ["hello"])
    ready.finished("whole")
    embed(ready, "part", ["hello"], dimensions=8)
    ready.finished("part")
    [whole], [part] = vectors(ready, "whole"), vectors(ready, "part")
    np.testing.assert_allclose(part, unit(whole[:8]), atol=1e-6)


def test_a_named_prompt_of_the_model_is_prepended(ready: RunnerProcess) -> None:
    embed(ready, "named", ["hello"], promptName="query")
    ready.finished("named")
    embed(ready, "written", ["search_query: hello"])
    ready.finished("written")
    np.testing.assert_allclose(vectors(ready, "named"), vectors(ready, "written"), atol=1e-6)


@pytest.mark.parametrize(
    ("inputs", "more", "code", "says"),
    [
        (["a"], {"dimensions": 33}, "invalid_request", "this model's vectors have 32"),
        (["a"], {"promptName": "nobody"}, "invalid_request", "it has document, query"),
        ([[1, 2]], {"promptName": "query"}, "invalid_request", "input[0] is given as tokens"),
        ([[1, 2], [1, 100_000, 2]], {}, "invalid_request", "input[1] has the token 100000"),
    ],
)
def test_invalid_requests_are_refused_with_the_reason(
    ready: RunnerProcess, inputs: list[Any], more: dict[str, Any], code: str, says: str
) -> None:
    embed(ready, says, inputs, **more)
    end = ready.finished(says)
    assert end["type"] == "rejected"
    assert end["code"] == code
    assert says in end["message"]


def test_a_conversation_is_refused_with_advice(ready: RunnerProcess) -> None:
    ready.generate("chat")
    end = ready.finished("chat")
    assert end["code"] == "unsupported"
    assert "/v1/embeddings" in end["message"]


def test_tokens_are_counted_without_computing(ready: RunnerProcess) -> None:
    ready.generate("count", prompt={"kind": "embed", "inputs": ["abc", "d"]}, countOnly=True)
    assert ready.finished("count")["usage"]["promptTokens"] == 8
    ready.generate("text", prompt={"kind": "text", "text": "abc"}, countOnly=True)
    assert ready.finished("text")["usage"]["promptTokens"] == 5


def test_a_request_that_is_cancelled_ends_and_others_go_on(ready: RunnerProcess) -> None:
    embed(ready, "long", ["x" * 100] * 2048)
    embed(ready, "other", ["y"])
    ready.send(type="cancel", taskId="long")
    assert ready.finished("long")["reason"] == "cancelled"
    if "other" not in {frame.get("taskId") for frame in ready.seen if frame["type"] == "finished"}:
        assert ready.finished("other")["reason"] == "stop"
    assert len(vectors(ready, "other")) == 1
    assert len(vectors(ready, "long")) < 2048


def test_nan_fails_only_the_request_that_causes_it(model: Path, runner: RunnerProcess, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(model, tmp_path / "model"))
    path = copy / "model.safetensors"
    weights = mx.load(str(path))
    mx.eval(weights)
    words = weights["embeddings.word_embeddings.weight"]
    bad = tokens_of("z")[1]
    rows = mx.arange(words.shape[0])[:, None] == bad
    mx.save_safetensors(str(path), {**weights, "embeddings.word_embeddings.weight": mx.where(rows, mx.nan, words)})
    runner.ready(copy)
    embed(runner, "good", ["a", "b"])
    embed(runner, "bad", ["c", "z"])
    ends = {frame["taskId"]: frame for frame in (runner.finished("bad"), *runner.seen) if "taskId" in frame}
    assert (ends["bad"]["type"], ends["bad"]["code"]) == ("rejected", "runner_failed")
    assert ends["bad"]["message"].startswith("input[1]: the model computed no numbers")
    embed(runner, "after", ["a"])
    assert runner.finished("after")["reason"] == "stop"
    assert np.isfinite(vectors(runner, "good")).all()


def test_an_embedding_model_cannot_be_sharded(model: Path, runner: RunnerProcess) -> None:
    runner.hello()
    shard = {"rank": 0, "worldSize": 2, "startLayer": 0, "endLayer": 1, "layers": 2}
    load = {
        "modelId": "a/b",
        "modelPath": str(model),
        "sharding": "Pipeline",
        "instanceMeta": "MlxRing",
        "shard": shard,
    }
    runner.send(type="load", **load, ring={"hosts": ["127.0.0.1:1", "127.0.0.1:2"]})
    failed = runner.until(lambda frame: frame["type"] == "failed")
    assert failed["code"] == "unsupported"
    assert "one machine" in failed["errorMessage"]


def test_a_generative_model_refuses_embedding_requests(tiny: Path, runner: RunnerProcess) -> None:
    runner.ready(tiny)
    embed(runner, "none", ["a"])
    end = runner.finished("none")
    assert end["code"] == "unsupported"
    assert "embedding model" in end["message"]
    assert json.dumps(end)
