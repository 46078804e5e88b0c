"""The content sent for a request: its text, together with exactly the tokens of that text."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest

from muster_runner.engine.answer import Answer
from muster_runner.engine.intake import Prepared
from muster_runner.output.answer_format import PLAIN
from muster_runner.output.channels import channels
from muster_runner.protocol import GenerationRequest, Sampling, TextPrompt
from muster_runner.tokenization.text_stream import ByteStream

EOS = 0
TEXT = "go STO STOP on — 厨房 👩‍🍳 ST end"


@dataclass
class Given:
    text: str
    tokens: list[int]
    items: list[dict[str, Any]]
    end: dict[str, Any]


class NamedEntries:
    """Log probabilities that name their token."""

    def entry(self, token: int, _logprobs: Any, _alternatives: int) -> dict[str, Any]:
        return {"token": token}


def text_of(item: dict[str, Any]) -> str:
    return "".join(part["text"] for part in item["content"])


def pieces_of(text: str, random: Random) -> list[bytes]:
    """As a tokenizer of bytes may cut it, characters too."""
    data, pieces = text.encode(), []
    while data:
        size = random.randint(1, 6)
        pieces.append(data[:size])
        data = data[size:]
    return pieces


def answered(
    pieces: list[bytes],
    *,
    stop: Sequence[str] = (),
    limit: int = 1000,
    logprobs: int | None = 0,
    drafts: Sequence[tuple[int, int]] = (),
) -> Given:
    """Adds tokens 1 to n, which stand for the pieces, and then the end token. ``drafts``: numbers of draft tokens and
    of the accepted ones."""
    request = GenerationRequest(
        task_id="t",
        model_id="m/tiny",
        prompt=TextPrompt(text=""),
        sampling=Sampling(),
        stop=list(stop),
        logprobs=logprobs,
    )
    stream = ByteStream(lambda token: pieces[token - 1], frozenset())
    answer = Answer(
        Prepared(request, [1], limit, time.monotonic()),
        channels(PLAIN, stream, [], thinking=False),
        {EOS},
        NamedEntries(),
    )  # type: ignore[arg-type]
    for drafted, accepted in drafts:
        answer.count_drafts(drafted, accepted)
    items = []
    for token in [*range(1, len(pieces) + 1), EOS]:
        if (item := answer.add(token, None)) is not None:
            items.append(item)
        if answer.reason is not None:
            break
    tokens = [entry["token"] for item in items for entry in item.get("logprobs", [])]
    return Given("".join(map(text_of, items)), tokens, items, answer.finished(answer.reason or ""))


def begins(pieces: list[bytes]) -> list[int]:
    """The character in or at which each piece begins, in the text."""
    return [len(b"".join(pieces[:at]).decode("utf-8", "ignore")) for at in range(len(pieces))]


@pytest.mark.parametrize("stop", [[], ["STOP"], ["O"], [" on", "—"], ["房"], ["never"], ["end"], ["go"]])
@pytest.mark.parametrize("seed", range(20))
def test_sent_tokens_are_those_of_the_sent_text(stop: list[str], seed: int) -> None:
    pieces = pieces_of(TEXT, Random(seed))
    given = answered(pieces, stop=stop)
    cuts = [at for one in stop if (at := TEXT.find(one)) >= 0]
    assert given.text == TEXT[: min(cuts, default=len(TEXT))]
    part = [token for token, begin in enumerate(begins(pieces), 1) if begin < len(given.text)]
    assert given.tokens == part
    assert given.end["usage"]["completionTokens"] == len(part)
    assert sum(item["tokens"] for item in given.items) == len(part)


def test_draft_tokens_are_counted_where_there_were_any() -> None:
    usage = answered([b"a"], drafts=[(4, 4), (8, 1)]).end["usage"]
    assert (usage["draftTokens"], usage["acceptedDraftTokens"]) == (12, 5)
    assert "draftTokens" not in answered([b"a"]).end["usage"]


@pytest.mark.parametrize("seed", range(20))
def test_held_text_is_sent_together_with_its_tokens(seed: int) -> None:
    pieces = pieces_of(TEXT, Random(seed))
    text, tokens = "", 0
    for item in answered(pieces, stop=["STOP on — no", "👩‍🍳!"]).items:
        text += text_of(item)
        tokens += item["tokens"]
        assert tokens == len([begin for begin in begins(pieces) if begin < len(text)])
        assert len(item.get("logprobs", [])) == item["tokens"]


def test_at_the_token_limit_all_tokens_are_sent_including_incomplete_characters() -> None:
    pieces = [b"a", "厨".encode()[:2], b"never"]
    given = answered(pieces, limit=2, stop=["ab"])
    assert (given.text, given.tokens, given.end["reason"]) == ("a", [1, 2], "length")
    assert given.end["usage"]["completionTokens"] == 2


def test_tokens_are_counted_without_log_probabilities_too() -> None:
    given = answered([b"a", b"b", b"STOP"], stop=["STOP"], logprobs=None)
    assert (given.text, given.tokens, given.end["usage"]["completionTokens"]) == ("ab", [], 2)
    assert given.end["stopSequence"] == "STOP"
