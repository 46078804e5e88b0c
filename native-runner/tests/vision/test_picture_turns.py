"""Pictures are encoded one in each step, so that no request waits for all of another's."""

import gc
import json
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mlx_lm.utils import load_model
from vision_alone import encoded, greedy, picture
from vision_in_parts import HIGH, WIDE

from muster_runner.engine.engine import Engine
from muster_runner.engine.engine_options import EngineOptions
from muster_runner.engine.intake import Prepared
from muster_runner.engine.prefill import PrefillSteps
from muster_runner.model.architectures import abilities, within
from muster_runner.output.answer_rules import AnswerRules
from muster_runner.protocol import GenerationRequest, ImagePart, Sampling, TextPart, TextPrompt
from muster_runner.tokenization.encoder_messages import Picture, Pictured
from muster_runner.tokenization.tokenizer import load_tokenizer
from muster_runner.vision.tower import open_tower
from muster_runner.vision.wrapped import Counted

PICTURE = "a picture"
THREE = (WIDE, HIGH, picture((20, 200, 90), (80, 80)))


@dataclass
class Seeing:
    """An engine, and what it has done: ``PICTURE`` for each run of its tower, and the task of each token."""

    engine: Engine
    directory: Path
    done: list[str] = field(default_factory=list)
    frames: list[dict[str, Any]] = field(default_factory=list)
    tokens: dict[str, list[int]] = field(default_factory=dict)
    joined: list[str] = field(default_factory=list)

    def ask(self, task: str, pictured: Pictured, limit: int = 4) -> None:
        sampling = Sampling(temperature=0, ignore_eos=True)
        request = GenerationRequest(
            task_id=task, model_id="m", prompt=TextPrompt(text=""), sampling=sampling, stop=[], max_tokens=limit
        )
        given = pictured if pictured.hashes else None
        self.engine.add(Prepared(request, pictured.tokens, limit, 0.0, None, given))

    def run(self) -> None:
        while self.engine.active:
            self.engine.step()

    def ended(self, task: str) -> list[dict[str, Any]]:
        return [frame for frame in self.frames if frame["type"] in ("finished", "rejected") and frame["taskId"] == task]


@pytest.fixture
def seeing(seeing_tiny, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Seeing]:
    def made(kind: str) -> Seeing:
        directory = seeing_tiny(kind)
        config = json.loads((directory / "config.json").read_text())
        model, _ = load_model(directory)
        tower, tokenizer = open_tower(directory, config, model), load_tokenizer(directory, config)
        able = within(abilities(config), model)
        options = EngineOptions(able, generation_config={}, prefill=PrefillSteps(64, 64), lookahead=False)
        frames: list[dict[str, Any]] = []
        rules = AnswerRules(tokenizer, None)
        engine = Engine(model, tokenizer, rules, options, lambda **frame: frames.append(frame), tower)
        seen = Seeing(engine, directory, frames=frames)
        tower_runs = Counted.__call__
        monkeypatch.setattr(
            Counted, "__call__", lambda *given, **options: seen.done.append(PICTURE) or tower_runs(*given, **options)
        )

        def drawn(token: Any) -> None:
            seen.done.append(token.task_id)
            seen.tokens.setdefault(token.task_id, []).append(token.token)

        engine.watch = drawn
        engine.on_order = lambda order: seen.joined.append(order[1]) if order[0] == "join" else None
        return seen

    return made


def text_only(directory: Path) -> Pictured:
    return encoded(directory, TextPart(text="who are you?"))


def with_pictures(directory: Path, pictures: Sequence[str]) -> Pictured:
    return encoded(directory, *_parts(pictures))


def _parts(pictures: Sequence[str]) -> list[ImagePart | TextPart]:
    return [*(ImagePart(media_type="image/png", data=data) for data in pictures), TextPart(text="what are they?")]


@pytest.mark.parametrize("kind", ["qwen2_vl", "qwen3_vl", "gemma3", "gemma4", "pixtral"])
def test_others_get_a_token_between_two_pictures_of_a_request(kind: str, seeing) -> None:
    here: Seeing = seeing(kind)
    here.ask("text", text_only(here.directory), limit=12)
    here.engine.step()
    here.ask("three", with_pictures(here.directory, THREE))
    assert PICTURE not in here.done
    here.run()
    turns = [task for task in here.done if task != "three"]
    first = turns.index(PICTURE)
    assert turns[first : first + 6] == [PICTURE, "text"] * 3
    # And what is answered is as if nothing else were asked.
    assert here.tokens["three"][:4] == greedy(here.directory, 4, *_parts(THREE))


def test_requests_with_pictures_take_turns(seeing) -> None:
    here: Seeing = seeing("qwen2_vl")
    for task, count in (("three", 3), ("two", 2), ("one", 1)):
        here.ask(task, with_pictures(here.directory, THREE[:count]))
    assert here.engine.active == 3
    here.run()
    assert here.joined == ["one", "two", "three"]
    assert here.done.count(PICTURE) == 6
    assert [len(here.ended(task)) for task in ("one", "two", "three")] == [1, 1, 1]


def test_nothing_more_is_encoded_of_a_request_that_is_cancelled(seeing) -> None:
    here: Seeing = seeing("qwen2_vl")
    pictured = with_pictures(here.directory, THREE)
    here.ask("three", pictured)
    here.engine.step()
    here.engine.cancel("three")
    assert [frame["reason"] for frame in here.ended("three")] == ["cancelled"]
    assert (here.engine.active, here.joined) == (0, [])
    here.ask("text", text_only(here.directory))
    here.run()
    assert here.done.count(PICTURE) == 1
    # Its name is free again.
    here.ask("three", pictured)
    here.run()
    assert here.done.count(PICTURE) == 4
    assert [frame["reason"] for frame in here.ended("three")] == ["cancelled", "length"]


def test_a_picture_that_cannot_be_encoded_refuses_its_request_alone(seeing) -> None:
    here: Seeing = seeing("qwen2_vl")
    pictured = with_pictures(here.directory, THREE)
    spoilt = {
        name: np.full_like(array, np.nan) if array.dtype.kind == "f" else array
        for name, array in pictured.pictures[2].arrays.items()
    }
    here.ask("text", text_only(here.directory), limit=12)
    here.ask("bad", replace(pictured, pictures=[*pictured.pictures[:2], Picture(pictured.pictures[2].places, spoilt)]))
    here.ask("good", pictured)
    here.run()
    (refused,) = here.ended("bad")
    assert (refused["type"], refused["code"], "no numbers" in refused["message"]) == (
        "rejected",
        "invalid_request",
        True,
    )
    assert (len(here.tokens["text"]), here.joined) == (12, ["text", "good"])
    assert here.tokens["good"][:4] == greedy(here.directory, 4, *_parts(THREE))


def test_what_was_prepared_of_a_picture_is_kept_no_longer_than_until_it_is_encoded(seeing) -> None:
    """Of each picture it may take hundreds of megabytes, and the turns of others take time."""
    here: Seeing = seeing("qwen2_vl")
    pictured = with_pictures(here.directory, THREE)
    held = [weakref.ref(each.arrays["pixel_values"]) for each in pictured.pictures]
    here.ask("three", pictured)
    del pictured
    left = []
    for _ in THREE:
        here.engine.step()
        gc.collect()
        left.append([each() is not None for each in held])
    assert left == [[False, True, True], [False, False, True], [False, False, False]]
