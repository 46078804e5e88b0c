"""Groups texts into batches: limited in tokens, and of similar length, because padding costs compute too."""

from collections import OrderedDict
from dataclasses import dataclass, field

# Keeps the frame that carries a batch's vectors far below its size limit, even for wide vectors.
MAX_TEXTS = 64
# A text joins a batch only if the shorter of the two is at least this fraction of the longer one.
MIN_SHARE = 0.5


@dataclass
class PendingInputs:
    """The inputs of one request that are not in a batch yet, as (index, tokens), the longest last."""

    remaining: list[tuple[int, list[int]]] = field(default_factory=list)


@dataclass(frozen=True)
class BatchItem:
    """Input number ``index`` of a request."""

    task_id: str
    index: int
    tokens: list[int]


class Batches:
    """Queue of the inputs of all requests. Round robin: each batch starts with another request's inputs.

    ``max_tokens``: limit of a batch, padding included. A longer text is a batch of its own.
    """

    def __init__(self, max_tokens: int):
        self._max_tokens = max_tokens
        self._requests: OrderedDict[str, PendingInputs] = OrderedDict()

    def add(self, task_id: str, inputs: list[list[int]]) -> None:
        self._requests[task_id] = PendingInputs(sorted(enumerate(inputs), key=lambda each: len(each[1])))

    def remove(self, task_id: str) -> None:
        self._requests.pop(task_id, None)

    def next(self) -> list[BatchItem]:
        """Takes the next batch: the longest texts of the first request, then similar ones of the others."""
        batch: list[BatchItem] = []
        for task_id, texts in list(self._requests.items()):
            while texts.remaining and self._fits(batch, len(texts.remaining[-1][1])):
                index, tokens = texts.remaining.pop()
                batch.append(BatchItem(task_id, index, tokens))
        if batch:
            # Round robin: the first request goes to the end of the queue.
            self._requests.move_to_end(batch[0].task_id)
        for task_id in [task_id for task_id, texts in self._requests.items() if not texts.remaining]:
            del self._requests[task_id]
        return batch

    def _fits(self, batch: list[BatchItem], tokens: int) -> bool:
        if not batch:
            return True
        longest = max(len(piece.tokens) for piece in batch)
        if len(batch) >= MAX_TEXTS or min(tokens, longest) < MIN_SHARE * max(tokens, longest):
            return False
        return (len(batch) + 1) * max(tokens, longest) <= self._max_tokens
