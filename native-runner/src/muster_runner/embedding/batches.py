"""Which texts are computed together: bounded in tokens, and of like length, for padding is computed too."""

from collections import OrderedDict
from dataclasses import dataclass, field

# Vectors in one frame are far below its limit even where they are wide.
MOST_TEXTS = 64
# A text joins a batch only if it is at least this share of the longest one.
LEAST_SHARE = 0.5


@dataclass
class Texts:
    """What is left of one request: its inputs as tokens, the longest last."""

    left: list[tuple[int, list[int]]] = field(default_factory=list)


@dataclass(frozen=True)
class Piece:
    """The input ``index`` of a request."""

    task_id: str
    index: int
    tokens: list[int]


class Batches:
    """All requests' texts that are not computed yet; requests take turns at being the first of a batch.

    ``most_tokens``: of a batch, padding counted. A longer text is a batch of its own.
    """

    def __init__(self, most_tokens: int):
        self._most_tokens = most_tokens
        self._requests: OrderedDict[str, Texts] = OrderedDict()

    def add(self, task_id: str, inputs: list[list[int]]) -> None:
        self._requests[task_id] = Texts(sorted(enumerate(inputs), key=lambda each: len(each[1])))

    def remove(self, task_id: str) -> None:
        self._requests.pop(task_id, None)

    def next(self) -> list[Piece]:
        """Takes the next batch: of the request whose turn it is, its longest texts, then others' of like length."""
        batch: list[Piece] = []
        for task_id, texts in list(self._requests.items()):
            while texts.left and self._fits(batch, len(texts.left[-1][1])):
                index, tokens = texts.left.pop()
                batch.append(Piece(task_id, index, tokens))
        if batch:
            # Whoever was first is last the next time.
            self._requests.move_to_end(batch[0].task_id)
        for task_id in [task_id for task_id, texts in self._requests.items() if not texts.left]:
            del self._requests[task_id]
        return batch

    def _fits(self, batch: list[Piece], tokens: int) -> bool:
        if not batch:
            return True
        longest = max(len(piece.tokens) for piece in batch)
        if len(batch) >= MOST_TEXTS or min(tokens, longest) < LEAST_SHARE * max(tokens, longest):
            return False
        return (len(batch) + 1) * max(tokens, longest) <= self._most_tokens
