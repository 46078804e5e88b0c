"""The text of a generation as it may be shown: without stop strings, and nothing that may yet become one."""

from collections.abc import Sequence


class StopStrings:
    """Gives text on as soon as it cannot be the beginning of a stop string."""

    def __init__(self, stops: Sequence[str]):
        self._stops = stops
        self._held = ""
        self.matched: str | None = None

    def add(self, text: str) -> str:
        """What may be shown after ``text``; once a stop string is complete, what stood before it and never more."""
        if self.matched is not None:
            return ""
        if not self._stops:
            return text
        seen = self._held + text
        found = [(at, -len(stop), stop) for stop in self._stops if (at := seen.find(stop)) >= 0]
        if found:
            at, _, self.matched = min(found)
            self._held = ""
            return seen[:at]
        hold = self._longest_beginning(seen)
        self._held = seen[len(seen) - hold :]
        return seen[: len(seen) - hold]

    def flush(self) -> str:
        """What was held back, at the end."""
        held, self._held = self._held, ""
        return held

    def _longest_beginning(self, text: str) -> int:
        for length in range(min(len(text), max(map(len, self._stops)) - 1), 0, -1):
            ending = text[-length:]
            if any(stop.startswith(ending) for stop in self._stops):
                return length
        return 0
