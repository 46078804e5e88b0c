"""The ranks of a pipeline in one process, in lockstep: what rank 0 decides is passed on as ``leading.py`` does."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from requests_alone import ROOT

from muster_runner.cache.cache_layers import Footprint
from muster_runner.cache.disk_cache import DiskCache
from muster_runner.cache.prefix_cache import PrefixCache
from muster_runner.distributed.following import FollowingBatch
from muster_runner.engine.decoding import DecodingBatch
from muster_runner.engine.prefill import PrefillSteps
from muster_runner.engine.proposer import Proposer
from muster_runner.engine.schedule import Schedule
from muster_runner.engine.sequence import SampledToken
from muster_runner.model.architectures import Abilities
from muster_runner.sampling.sampling import GREEDY

PASS_TOKENS = 64


class Ranks:
    """``parts``: of the model, the last one of rank 0. ``exact``: see PrefixCache. ``disk``: a folder for each rank's
    blocks. ``margin``: see SubBatches. Called like a schedule."""

    def __init__(
        self,
        parts: Sequence[Any],
        able: Abilities,
        exact: bool,
        disk: Path,
        *,
        lookahead: bool = False,
        proposer: Proposer | None = None,
        margin: int = 0,
        step: int = 64,
    ):
        *others, last = parts
        self._batch = DecodingBatch(last, lookahead, able.batch, PASS_TOKENS, proposer, able.one_pass, margin)
        self._followers = [FollowingBatch(part, able.batch, PASS_TOKENS, able.one_pass, margin) for part in others]
        self.disks = [DiskCache(disk / str(at), ROOT, 1 << 30) for at in range(len(parts))]
        footprint = Footprint(per_token=1, per_sequence=10)
        self._schedules = [
            Schedule(
                part,
                able,
                batch,
                PrefixCache(part, footprint, exact=exact, root=ROOT, disk=blocks) if able.resume else None,
                PrefillSteps(step, step),
                restores_in_step=True,
            )
            for part, batch, blocks in zip(parts, [*self._followers, self._batch], self.disks, strict=True)
        ]
        self._first = self._schedules[-1]

    @property
    def active(self) -> int:
        return self._first.active

    def cached(self, task_id: str) -> int:
        return self._first.cached(task_id)

    def join(self, task_id: str, tokens: list[int], stops: Sequence[int]) -> None:
        for schedule in self._schedules:
            schedule.join(task_id, tokens, GREEDY, stops)

    def leave(self, task_ids: list[str]) -> None:
        for schedule in self._schedules:
            schedule.leave(task_ids)

    def step(self) -> list[SampledToken]:
        drafts = self._batch.propose()
        for follower in self._followers:
            follower.expect(drafts)
        # In the order in which hidden states are passed on: each finds those that it receives.
        restored = min(schedule.restored for schedule in self._schedules)
        *_, drawn = [schedule.step(restored) for schedule in self._schedules]
        for follower in self._followers:
            follower.feed(list({token.task_id: token.token for token in drawn}.values()))
            if self._batch.taken is not None:
                follower.accept(self._batch.taken)
        assert len({schedule.mark for schedule in self._schedules}) == 1
        return drawn
