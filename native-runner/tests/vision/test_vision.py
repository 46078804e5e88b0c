"""Pictures in prompts: the tokens of mlx-vlm's own model, by mlx-lm's language model beside others in the batch."""

import base64
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from runner_process import RunnerProcess
from vision_alone import greedy, picture
from vision_checkpoints import changed

from muster_runner.protocol import ImagePart, TextPart
from muster_runner.tokenization.tokenizer import load_tokenizer

TOKENS = 24


RED, BLUE = picture((255, 0, 0)), picture((0, 0, 255))


def part(data: str, media_type: str = "image/png") -> dict[str, str]:
    return {"type": "image", "mediaType": media_type, "data": data}


def asked(*parts: dict[str, str] | str) -> dict[str, Any]:
    """A prompt of one turn."""
    given = [{"type": "text", "text": one} if isinstance(one, str) else one for one in parts]
    return {"kind": "chat", "messages": [{"role": "user", "parts": given}]}


def usage(runner: RunnerProcess, task: str) -> dict[str, int]:
    """What a task used, once it has ended."""

    def ended(frame: dict[str, Any]) -> bool:
        return frame["type"] in ("finished", "rejected") and frame["taskId"] == task

    end = next((frame for frame in runner.seen if ended(frame)), None) or runner.until(ended)
    assert end["type"] == "finished", end
    return end["usage"]


def text_of(runner: RunnerProcess, task: str) -> str:
    """What a task has been told, once it has ended."""
    usage(runner, task)
    return runner.text(task)


def decoded(directory: Path, tokens: list[int]) -> str:
    return load_tokenizer(directory, json.loads((directory / "config.json").read_text())).decode(tokens)


# One of each way in which pictures enter a model; test_tower.py has all architectures.
KINDS = ["qwen2_vl", "qwen3_vl", "qwen3_5", "gemma3", "gemma4", "mistral3"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_is_answered_as_by_mlx_vlm_alone_and_beside_others(kind: str, seeing_tiny, runner_of):
    directory, runner = seeing_tiny(kind), runner_of(kind)
    runner.generate("text alone", "who?", maxTokens=TOKENS)
    alone = text_of(runner, "text alone")
    for task, prompt in (("red", asked(part(RED), "what?")), ("blue", asked("and", part(BLUE), part(RED), "that?"))):
        runner.generate(task, prompt=prompt, maxTokens=TOKENS)
    runner.generate("text", "who?", maxTokens=TOKENS)
    red = greedy(directory, TOKENS, ImagePart(media_type="image/png", data=RED), TextPart(text="what?"))
    blue = greedy(
        directory,
        TOKENS,
        TextPart(text="and"),
        ImagePart(media_type="image/png", data=BLUE),
        ImagePart(media_type="image/png", data=RED),
        TextPart(text="that?"),
    )
    assert text_of(runner, "red") == decoded(directory, red)
    assert text_of(runner, "blue") == decoded(directory, blue)
    assert text_of(runner, "text") == alone


@pytest.mark.parametrize("kind", KINDS)
def test_a_cached_prefix_with_a_picture_serves_only_that_picture(kind: str, seeing_tiny, runner_of):
    runner = runner_of(kind)
    more = "tell me more about it. " * 20
    green, grey = picture((0, 255, 0)), picture((120, 120, 120))
    for task, data in (("green", green), ("again", green), ("grey", grey)):
        runner.generate(task, prompt=asked(part(data), more), maxTokens=TOKENS)
        text_of(runner, task)
    assert usage(runner, "again")["cachedTokens"] > 100
    # Up to the picture, at most, is the same.
    assert max(usage(runner, "green")["cachedTokens"], usage(runner, "grey")["cachedTokens"]) < 30
    told = {"green": green, "again": green, "grey": grey}
    for task, data in told.items():
        alone = greedy(seeing_tiny(kind), TOKENS, ImagePart(media_type="image/png", data=data), TextPart(text=more))
        assert text_of(runner, task) == decoded(seeing_tiny(kind), alone)


def bomb() -> str:
    """A PNG of few bytes that says it has very many pixels."""
    data = bytearray(base64.b64decode(picture((1, 2, 3))))
    data[16:24] = (50_000).to_bytes(4, "big") * 2
    import zlib

    data[29:33] = zlib.crc32(bytes(data[12:29])).to_bytes(4, "big")
    return base64.b64encode(bytes(data)).decode()


def animated() -> str:
    data = io.BytesIO()
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "blue")]
    frames[0].save(data, "GIF", save_all=True, append_images=frames[1:])
    return base64.b64encode(data.getvalue()).decode()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (part("!!!!"), "not valid base64"),
        (part(base64.b64encode(b"nonsense").decode()), "cannot be read as PNG: it is no PNG, JPEG, WebP or GIF"),
        (part(RED, "image/jpeg"), "cannot be read as JPEG: it is image/png, not image/jpeg"),
        (part(RED[: len(RED) // 2 // 4 * 4]), "cannot be read as PNG: it is cut off or damaged"),
        (part(bomb()), "50000 by 50000 pixels"),
        (part(animated(), "image/gif"), "is animated"),
        (part(picture((9, 9, 9), size=(1000, 3))), "times as many"),
    ],
)
def test_an_invalid_picture_is_refused_by_name_and_other_requests_continue(given: dict[str, str], says: str, seeing):
    seeing.generate("bad", prompt=asked(given, "what?"), maxTokens=4)
    seeing.generate("two", prompt=asked(part(RED), given), maxTokens=4)
    refused = seeing.until(lambda frame: frame["type"] == "rejected" and frame["taskId"] == "bad")
    assert (refused["code"], says in refused["message"]) == ("invalid_request", True), refused
    refused = seeing.until(lambda frame: frame["type"] == "rejected" and frame["taskId"] == "two")
    assert refused["message"].startswith("picture 2 of 2")
    seeing.generate("good", prompt=asked(part(RED), "what?"), maxTokens=4)
    assert text_of(seeing, "good") != ""


@pytest.mark.parametrize(
    "kind",
    ["JPEG", "WEBP", "GIF"],
)
def test_all_accepted_picture_formats_are_read(kind: str, seeing):
    data = picture((0, 200, 0), kind=kind)
    seeing.generate("one", prompt=asked(part(data, f"image/{kind.lower()}"), "what?"), maxTokens=4)
    assert text_of(seeing, "one") != ""


def test_a_placeholder_in_a_clients_text_is_text(seeing):
    seeing.generate("placeholders", "<|image_pad|>" * 3, maxTokens=4)
    plain = usage(seeing, "placeholders")["promptTokens"]
    seeing.generate("both", prompt=asked(part(RED), "<|image_pad|>" * 3), maxTokens=4)
    # Thirteen characters each, none of which is a token of the picture.
    assert usage(seeing, "both")["promptTokens"] > plain > 39


def test_a_prompt_with_pictures_can_be_counted(seeing):
    seeing.generate("count", prompt=asked(part(RED), "what?"), countOnly=True)
    counted = usage(seeing, "count")["promptTokens"]
    seeing.generate("told", prompt=asked(part(RED), "what?"), maxTokens=1)
    assert usage(seeing, "told")["promptTokens"] == counted


def test_a_text_only_model_refuses_pictures(ready: RunnerProcess):
    ready.generate("picture", prompt=asked(part(RED)), maxTokens=4)
    refused = ready.until(lambda frame: frame["type"] == "rejected")
    assert (refused["code"], "reads text only" in refused["message"]) == ("unsupported", True)


def test_a_context_in_8_bits_takes_no_pictures_with_positions_of_their_own(seeing_tiny, runner, tmp_path: Path):
    # The same weights as heads of 32 values, which 8 bits need.
    heads = {"num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 32}
    rope = {"type": "mrope", "mrope_section": [4, 6, 6]}
    runner.ready(changed(seeing_tiny("qwen2_vl"), tmp_path / "wide", **heads, rope_scaling=rope), kvBits=8)
    runner.generate("picture", prompt=asked(part(RED)), maxTokens=4)
    refused = runner.until(lambda frame: frame["type"] == "rejected")
    assert (refused["code"], "in 8 bits" in refused["message"]) == ("unsupported", True)
    runner.generate("text", "who?", maxTokens=4)
    assert usage(runner, "text")["completionTokens"] > 0


@pytest.fixture(scope="module")
def runner_of(seeing_tiny, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], RunnerProcess]]:
    """One runner of each family for all tests."""
    runners: dict[str, RunnerProcess] = {}

    def started(kind: str) -> RunnerProcess:
        if kind not in runners:
            runners[kind] = RunnerProcess(tmp_path_factory.mktemp("pipes"))
            runners[kind].ready(seeing_tiny(kind))
        return runners[kind]

    yield started
    for runner in runners.values():
        runner.close()


@pytest.fixture
def seeing(runner_of) -> RunnerProcess:
    return runner_of("qwen2_vl")
