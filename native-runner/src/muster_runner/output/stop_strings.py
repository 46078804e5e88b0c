"""Stop strings: ends the text before one, and holds back text that may become one."""

from collections.abc import Sequence


class StopStrings:
    """Emits text once it can no longer be a prefix of a stop string."""

    def __init__(self, stops: Sequence[str]):
        self._stops = stops
        self._held = ""
        self.matched: str | None = None

    def add(self, text: str) -> str:
        """Returns the text to emit after ``text``. Once a stop string matched, only the text before it is emitted."""
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
        hold = self._held_length(seen)
        self._held = seen[len(seen) - hold :]
        return seen[: len(seen) - hold]

    def flush(self) -> str:
        """Returns the held text, at the end of the generation."""
        held, self._held = self._held, ""
        return held

    def _held_length(self, text: str) -> int:
        for length in range(min(len(text), max(map(len, self._stops)) - 1), 0, -1):
            ending = text[-length:]
            if any(stop.startswith(ending) for stop in self._stops):
                return length
        return 0
