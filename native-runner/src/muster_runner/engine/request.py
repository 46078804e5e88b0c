"""A live request of the schedule."""

from dataclasses import dataclass, field

from muster_runner.cache.blocks import BLOCK, common
from muster_runner.cache.checkpoints import LEAST
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

    def preempt(self, sequence: Sequence) -> None:
        """Preempts it: its prompt becomes all fed tokens and the token to be fed next."""
        self.tokens = [*sequence.tokens, sequence.following]
        self.decoding, self.answering = False, sequence.answering
        self.prefill = self.restore = None

    @property
    def has_begun(self) -> bool:
        """Whether its prompt is being restored or prefilled."""
        return self.prefill is not None or self.restore is not None

    def shared(self, other: "Request", exact: bool) -> int:
        """Returns the length of the prefix of ``other`` that will be cached once this prompt is prefilled."""
        if self is other or not self.has_begun:
            return 0
        # A quick check first: most prompts have nothing in common.
        if self.tokens[:LEAST] != other.tokens[:LEAST]:
            return 0
        most = min(len(self.tokens), len(other.tokens)) - 1
        common_length = common(self.tokens[:most], other.tokens[:most])
        if exact:
            stops = self.stops if self.prefill is None else self.prefill.stops
            return max((stop for stop in stops if stop <= common_length), default=0)
        return common_length // BLOCK * BLOCK
