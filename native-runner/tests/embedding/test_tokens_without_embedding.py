"""A tokenizer may have more tokens than the model has embeddings: reading one would compute with foreign memory."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from runner_process import RunnerProcess

from muster_runner.embedding.make_tiny import make_tiny_encoder
from muster_runner.tokenization.tokenizer import load_tokenizer

LATER = "<later>"


@pytest.fixture(scope="module", params=["generates", "embeds"])
def model(request: pytest.FixtureRequest, tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose tokenizer got a token later, as fine-tuning tools add one."""
    folder = tmp_path_factory.mktemp("models")
    plain = tiny
    if request.param == "embeds":
        plain = folder / "plain"
        make_tiny_encoder(plain)
    out = folder / "later"
    shutil.copytree(plain, out)
    file = out / "tokenizer.json"
    tokenizer: dict[str, Any] = json.loads(file.read_text())
    flags = dict.fromkeys(("special", "single_word", "lstrip", "rstrip", "normalized"), False)
    size = load_tokenizer(plain, {}).vocabulary_size()
    tokenizer["added_tokens"].append({"id": size, "content": LATER, **flags})
    file.write_text(json.dumps(tokenizer))
    return out


@pytest.fixture
def runner(model: Path, tmp_path: Path) -> Iterator[RunnerProcess]:
    process = RunnerProcess(tmp_path)
    process.ready(model)
    yield process
    process.close()


def test_a_prompt_with_a_token_that_has_no_embedding_is_refused_and_others_are_answered(
    model: Path, runner: RunnerProcess
) -> None:
    token = load_tokenizer(model, {}).token_number(LATER)
    assert token is not None
    embeds = model.parent.joinpath("plain").exists()

    def end_of(task: str, text: str | list[int]) -> dict[str, Any]:
        if embeds:
            prompt: dict[str, Any] = {"kind": "embed", "inputs": [text]}
        else:
            prompt = {"kind": "text", "text": text} if isinstance(text, str) else {"kind": "tokens", "tokens": text}
        runner.generate(task, prompt=prompt, maxTokens=2)
        return runner.finished(task)

    for task, text in {"as a text": f"so {LATER}", "as tokens": [5, token]}.items():
        end = end_of(task, text)
        assert end["type"] == "rejected"
        assert f"has the token {token}, which was added to the tokenizer and not to the model" in end["message"]
    if not embeds:
        _, end = runner.answer("in a conversation", text=f"so {LATER}", maxTokens=2)
        assert f"has the token {token}" in end["message"]
        _, end = runner.answer("biased", maxTokens=2, sampling={"logitBias": {str(token): 5.0}})
        assert f"logit_bias has the token {token}" in end["message"]
    assert end_of("others", "so")["type"] == "finished"
