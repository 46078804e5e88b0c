"""One live request of a schedule."""

from dataclasses import dataclass, field

from muster_runner.blocks import BLOCK, common
from muster_runner.checkpoints import LEAST
from muster_runner.prefill import Prefill
from muster_runner.restoring import Restore
from muster_runner.sampling import Drawing
from muster_runner.sequence import Sequence
from muster_runner.vision.picture_prompt import PicturePrompt


@dataclass
class Request:
    """It waits, then has what is known of its prompt read from the disk (``restore``, by its ``restore_number``), then
    computes the rest (``prefill``), then decodes in the batch, and may have to wait again. ``stops``: positions of its
    prompt at which states are kept."""

    task_id: str
    tokens: list[int]
    drawing: Drawing
    stops: list[int] = field(default_factory=list)
    pictures: PicturePrompt | None = None
    restore: Restore | None = None
    restore_number: int = 0
    prefill: Prefill | None = None
    decoding: bool = False
    # Whether tokens of its answer may have been drawn.
    answering: bool = False
    # Tokens of its prompt that need not be computed.
    cached: int = 0
    # Requests ahead of it that wait for memory too, as it was last told; None before.
    ahead: int | None = None

    def wait_again(self, sequence: Sequence) -> None:
        """Its prompt is now all that it has been fed, and the token to be fed next."""
        self.tokens = [*sequence.tokens, sequence.following]
        self.decoding, self.answering = False, sequence.answering
        self.prefill = self.restore = None

    @property
    def has_begun(self) -> bool:
        """Whether its prompt is being read or computed."""
        return self.prefill is not None or self.restore is not None

    def shared(self, other: "Request", exact: bool) -> int:
        """How many of the first tokens of ``other`` will be kept when this prompt has been computed."""
        if self is other or not self.has_begun:
            return 0
        # Most prompts have nothing in common, which is seen at once.
        if self.tokens[:LEAST] != other.tokens[:LEAST]:
            return 0
        most = min(len(self.tokens), len(other.tokens)) - 1
        alike = common(self.tokens[:most], other.tokens[:most])
        if exact:
            stops = self.stops if self.prefill is None else self.prefill.stops
            return max((stop for stop in stops if stop <= alike), default=0)
        return alike // BLOCK * BLOCK
