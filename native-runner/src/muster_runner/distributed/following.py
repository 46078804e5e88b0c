"""The followers, ranks above 0: they repeat rank 0's steps, and neither sample tokens nor answer requests."""

from typing import Any

import mlx.core as mx

from muster_runner.cache.block_layout import Measured
from muster_runner.cache.memory_pressure import MemoryPressure
from muster_runner.distributed.group import Group
from muster_runner.distributed.lockstep import StepMessage, exchange
from muster_runner.engine.decoding import DecodingBatch
from muster_runner.engine.engine_options import EngineOptions
from muster_runner.engine.proposer import DraftTokens
from muster_runner.engine.schedule import Schedule, clear
from muster_runner.engine.sequence import SampledToken
from muster_runner.failures import Disagreement
from muster_runner.protocol import Wake
from muster_runner.rank import RankOrder
from muster_runner.sampling.sampling import GREEDY


class FollowingBatch(DecodingBatch):
    """The decoding batch of a follower: it receives the sampled tokens of each step by ``feed``."""

    def __init__(self, model: Any, together: bool, pass_tokens: int, ragged: bool, margin: int = 0):
        super().__init__(model, False, together, pass_tokens, ragged=ragged, margin=margin)
        # The tokens fed in the last step, until rank 0 says how many are accepted.
        self._unsettled: list[list[int]] = []

    def feed(self, tokens: list[int]) -> None:
        """Takes the tokens that rank 0 sampled for the sequences of the last step, in joining order. Surplus entries
        are ignored."""
        if self._sequences:
            self._next = mx.array(tokens[: len(self._sequences)], dtype=mx.uint32)

    def expect(self, drafts: DraftTokens) -> None:
        """Takes rank 0's draft tokens, which the next step verifies."""
        self._drafts = drafts

    def accept(self, taken: list[int]) -> None:
        """Takes the number of accepted tokens of the last step, by sequence."""
        self._accept(self._unsettled, taken)

    def _verify(self, rows: list[list[int]], began: float) -> list[SampledToken]:
        self._unsettled = rows
        mx.eval(self._verification.feed(self._model, rows))
        return []

    def _sample(self, logits: mx.array, fed: mx.array) -> tuple[mx.array, mx.array, mx.array]:
        # Nothing is sampled here, but the other ranks wait for this rank's share of the computation.
        mx.eval(logits)
        return fed, mx.zeros((fed.shape[0], 1)), mx.ones(fed.shape, mx.bool_)


class Follower:
    """A rank that repeats rank 0's steps."""

    def __init__(self, model: Any, group: Group, options: EngineOptions):
        """``options``: the same as on every other rank."""
        self._group = group
        able = options.able
        self._batch = FollowingBatch(model, able.batch, options.pass_tokens, able.one_pass, options.margin)
        self._schedule = Schedule(
            model,
            options.able,
            self._batch,
            options.cache,
            options.prefill,
            options.budget,
            restores_in_step=options.restores_in_step,
        )
        self._pressure = MemoryPressure(options.budget.total, options.claimed)
        self._epoch = 1
        self._woken = False

    @property
    def active(self) -> int:
        """The number of unfinished requests."""
        return self._schedule.active

    @property
    def steps(self) -> int:
        return self._schedule.steps

    @property
    def measured(self) -> Measured | None:
        """What was measured of the caches, once a request has ended."""
        return self._schedule.measured

    @property
    def has_work(self) -> bool:
        return self._woken

    def take(self, order: RankOrder) -> None:
        """Begins an epoch when woken for it. Wakes are repeated, so one for a past epoch is ignored."""
        if not isinstance(order, Wake) or order.epoch < self._epoch:
            return
        if order.epoch > self._epoch:
            raise Disagreement(f"this rank was woken for epoch {order.epoch} and never for epoch {self._epoch}")
        self._epoch += 1
        self._woken = True

    def work(self) -> None:
        """Repeats rank 0's steps until no request is live: what happens between them comes from rank 0."""
        while True:
            own = StepMessage(self._schedule.mark, self._schedule.restored, short=self._pressure.is_short())
            message = exchange(self._group, own)
            self._batch.feed(message.tokens)
            for order in message.orders:
                self._apply(*order)
            if not self._schedule.active:
                clear()
                self._woken = False
                return
            self._schedule.step(message.restored)

    def rest(self) -> None:
        """Between epochs it is in no collective: a waiting collective uses a whole core."""

    def _apply(self, kind: str, task: Any, value: Any) -> None:
        match kind:
            case "join":
                tokens, stops = value
                self._schedule.join(task, tokens, GREEDY, stops)
            case "resize":
                self._schedule.resize(value)
            case "draft":
                self._batch.expect(value)
            case "take":
                self._batch.accept(value)
            case _:
                self._schedule.leave(task)
                if not value:
                    self._schedule.forget()
