"""Finds marks in streamed text."""

import re
from collections.abc import Sequence


class MarkFinder:
    """Splits text at marks into pieces, each with whether it is a mark. Holds back text that may become a mark."""

    def __init__(self, marks: Sequence[str]):
        self._marks = sorted(marks, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, self._marks))) if self._marks else None
        self._held = ""

    def add(self, text: str) -> list[tuple[str, bool]]:
        if self._pattern is None:
            return [(text, False)] if text else []
        text = self._held + text
        pieces: list[tuple[str, bool]] = []
        at = 0
        for found in self._pattern.finditer(text):
            pieces += [(text[at : found.start()], False), (found.group(), True)]
            at = found.end()
        hold = self._held_length(text[at:])
        self._held = text[len(text) - hold :] if hold else ""
        pieces.append((text[at : len(text) - hold], False))
        return [piece for piece in pieces if piece[0]]

    def flush(self) -> list[tuple[str, bool]]:
        held, self._held = self._held, ""
        return [(held, False)] if held else []

    def _held_length(self, text: str) -> int:
        longest = min(len(text), len(self._marks[0]) - 1)
        return next(
            (
                length
                for length in range(longest, 0, -1)
                if any(mark.startswith(text[-length:]) for mark in self._marks)
            ),
            0,
        )
