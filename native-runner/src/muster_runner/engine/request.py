"""A live request of the schedule."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from muster_runner.cache.blocks import BLOCK, common
from muster_runner.cache.checkpoints import LEAST
from muster_runner.cache.prefix_cache import PrefixCache
from muster_runner.cache.restoring import NOTHING_RESTORED, Restore, RestoredTokens
from muster_runner.engine.prefill import Prefill
from muster_runner.engine.sequence import Sequence
from muster_runner.sampling.sampling import SamplingPipeline
from muster_runner.vision.picture_prompt import PicturePrompt


@dataclass
class Request:
    """States: waiting; restoring its prefix from the disk (``restore``, with its ``restore_number``); prefilling
    (``prefill``); decoding in the batch. Preemption makes it wait again. ``stops``: positions of its prompt at which
    states are cached."""

    task_id: str
    tokens: list[int]
    sampling: SamplingPipeline
    stops: list[int] = field(default_factory=list)
    pictures: PicturePrompt | None = None
    restore: Restore | None = None
    restore_number: int = 0
    prefill: Prefill | None = None
    decoding: bool = False
    # Whether its answer may have begun.
    answering: bool = False
    # Tokens of its prompt from the prefix cache, and how many of these came from the disk.
    cached: int = 0
    restored: RestoredTokens = NOTHING_RESTORED
    # Its reported place in the queue for memory: requests ahead of it; None before the first report.
    ahead: int | None = None
    # Kept while it waits, so that a long prompt is not compared and hashed anew in each step: by task, the tokens of
    # others and how many of them it begins with; and the keys of its blocks.
    _commons: dict[str, tuple[list[int], int]] = field(default_factory=dict)
    _keys: list[bytes] = field(default_factory=list)

    def preempt(self, sequence: Sequence) -> None:
        """Preempts it: its prompt becomes all fed tokens and the token to be fed next."""
        self.tokens = [*sequence.tokens, sequence.following]
        self.decoding, self.answering = False, sequence.answering
        self.prefill = self.restore = None
        self._commons, self._keys = {}, []

    @property
    def has_begun(self) -> bool:
        """Whether its prompt is being restored or prefilled."""
        return self.prefill is not None or self.restore is not None

    def shared(self, others: Iterable["Request"], exact: bool) -> int:
        """Returns the length of the longest prefix of this prompt that will be cached once those of the others that
        have begun are prefilled."""
        before, self._commons = self._commons, {}
        lengths = [0]
        for other in others:
            # A quick check first: most prompts have nothing in common.
            if other is self or not other.has_begun or other.tokens[:LEAST] != self.tokens[:LEAST]:
                continue
            tokens, length = before.get(other.task_id, (None, 0))
            if tokens is not other.tokens:
                most = min(len(self.tokens), len(other.tokens)) - 1
                length = common(self.tokens[:most], other.tokens[:most])
            self._commons[other.task_id] = other.tokens, length
            lengths.append(other._cached_within(length, exact))
        return max(lengths)

    def _cached_within(self, length: int, exact: bool) -> int:
        """Returns how many of the first ``length`` tokens will be cached as a prefix once this prompt is prefilled."""
        if exact:
            stops = self.stops if self.prefill is None else self.prefill.stops
            return max((stop for stop in stops if stop <= length), default=0)
        return length // BLOCK * BLOCK

    def keys(self, cache: PrefixCache) -> list[bytes]:
        """Returns the keys of its full blocks."""
        self._keys = self._keys or cache.keys(self.tokens)
        return self._keys
