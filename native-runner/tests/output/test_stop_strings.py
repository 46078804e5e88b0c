"""Text is given on at once, but never a part of a stop string."""

import itertools

import pytest

from muster_runner.output.stop_strings import StopStrings


@pytest.mark.parametrize("stops", [["STOP"], ["aab", "ab"], ["xx", "xyz"], ["\n\n"]])
def test_however_the_text_is_cut_the_result_is_the_same(stops: list[str]) -> None:
    text = "aaab xxyz ST STOP after\n\nend"
    ends = [at for stop in stops if (at := text.find(stop)) >= 0]
    expected = text[: min(ends)]
    for cuts in itertools.combinations(range(1, len(text)), 2):
        matcher = StopStrings(stops)
        pieces = [text[a:b] for a, b in itertools.pairwise([0, *cuts, len(text)])]
        shown = "".join(matcher.add(piece) for piece in pieces)
        assert shown == expected
        assert matcher.matched in stops
        assert matcher.flush() == ""


def test_text_that_only_started_like_a_stop_string_is_emitted() -> None:
    matcher = StopStrings(["STOP"])
    assert [matcher.add(text) for text in ("go ST", "O", "RM", " ST")] == ["go ", "", "STORM", " "]
    assert matcher.flush() == "ST"
    assert matcher.matched is None


def test_without_stop_strings_nothing_is_held_back() -> None:
    assert StopStrings([]).add("anything") == "anything"
