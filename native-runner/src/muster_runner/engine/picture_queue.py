"""Requests whose pictures are still to be encoded, before their prompts can be computed."""

from dataclasses import dataclass

from muster_runner.sampling.sampling import SamplingPipeline
from muster_runner.vision.tower import PictureEncoding


@dataclass(frozen=True)
class Unseen:
    """A request that joins the schedule once its pictures are encoded. ``tokens``: its prompt."""

    task_id: str
    tokens: list[int]
    sampling: SamplingPipeline
    pictures: PictureEncoding


class PictureQueue:
    """A picture may take seconds, in which the whole batch waits. So one is encoded in each step, and the requests take
    turns: one with a single picture does not wait for all of another's."""

    def __init__(self) -> None:
        # In the order of their turns.
        self._unseen: dict[str, Unseen] = {}

    def __len__(self) -> int:
        return len(self._unseen)

    def append(self, unseen: Unseen) -> None:
        self._unseen[unseen.task_id] = unseen

    def remove(self, task_id: str) -> bool:
        """Drops a request, of which nothing more is encoded. Returns whether it was here."""
        return self._unseen.pop(task_id, None) is not None

    def take(self) -> Unseen | None:
        """Removes the request whose turn it is; ``append`` puts it behind the others."""
        return self._unseen.pop(next(iter(self._unseen))) if self._unseen else None
