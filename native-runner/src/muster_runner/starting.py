"""Starts a model: loads it and builds its engine and intake."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from muster_runner.device import keep_kernels
from muster_runner.distributed.ranks import connect, load_part, start
from muster_runner.distributed.watch import watch
from muster_runner.embedding.batches import MAX_TEXTS
from muster_runner.embedding.engine import EmbeddingEngine
from muster_runner.embedding.intake import EmbeddingIntake
from muster_runner.embedding.loading import load_embedder
from muster_runner.engine.engine import Emit
from muster_runner.engine.intake import IN_8_BITS, NO_PICTURES, SHARED_OUT, AnswerIntake, Intake
from muster_runner.engine.schedule import COMPLETION_BATCH
from muster_runner.failures import Unsupported
from muster_runner.model.loading import Progress
from muster_runner.model.model_files import read_config
from muster_runner.protocol import Load
from muster_runner.rank import AnsweringRank, Rank
from muster_runner.reports import Loaded, Reports
from muster_runner.tokenization.encoding import Encoding
from muster_runner.vision.kind import reads_pictures
from muster_runner.vision.positions import positions_of


@dataclass(frozen=True)
class Starting:
    """Inputs of a start. ``folder``: of the pipes. ``encoding``: only on the rank that takes requests. ``check`` may
    raise to abort; ``deliver`` receives prepared requests; ``peer_lost`` ends the process from another thread."""

    load: Load
    folder: Path
    encoding: Encoding | None
    reports: Reports
    send: Emit
    check: Callable[[], None]
    progress: Progress
    deliver: Callable[..., None]
    peer_lost: Callable[[], None]


@dataclass(frozen=True)
class Started:
    """A started model. ``intake``: only on the rank that takes requests. ``batch_size``: requests that it computes
    together. ``times``: seconds by phase. ``prompt_cache``: the model's folder in the disk cache."""

    rank: Rank
    intake: Intake[Any] | None
    loaded: Loaded
    batch_size: int
    times: dict[str, float]
    prompt_cache: str | None = None


def start_embedder(starting: Starting) -> Started:
    """Starts an embedding model. Raises ModelFileError and Unsupported."""
    load = starting.load
    if load.shard.world_size > 1:
        raise Unsupported("an embedding model runs on one machine and is not shared out")
    began = time.monotonic()
    keep_kernels()
    embedder = load_embedder(Path(load.model_path), load.max_context, starting.progress)
    starting.reports.status("WarmingUp")
    ready = time.monotonic()
    embedder = embedder.warmed_up()
    rank = AnsweringRank(EmbeddingEngine(embedder, starting.send))
    assert starting.encoding is not None
    intake = EmbeddingIntake(starting.encoding, embedder.context_length, embedder.vocabulary_size, starting.deliver)
    return Started(rank, intake, embedder, MAX_TEXTS, _times(began, ready))


def start_generator(starting: Starting) -> Started:
    """Starts a generative model. Raises ModelFileError, Unsupported and, on several ranks, Disagreement, PeerLost,
    SideChannelBroken and RdmaFailed."""
    load, reports = starting.load, starting.reports
    if load.shard.world_size > 1:
        reports.status("Connecting")
    group = connect(load, starting.folder, starting.check)
    rank: Rank | None = None
    if group is not None and group.control is not None:
        watch(group.control, is_busy=lambda: rank is None or rank.has_work, lost=starting.peer_lost)
    began = time.monotonic()
    keep_kernels()
    loaded = load_part(load, group, starting.progress)
    ready = time.monotonic()
    reports.status("WarmingUp")
    rank, loaded = start(loaded, load, group, starting.send, reports.wake)
    intake = None
    if loaded.tokenizer is not None:
        assert starting.encoding is not None and loaded.rules is not None
        refusal = None
        if loaded.tower is None:
            is_vision_model = reads_pictures(loaded.directory, read_config(loaded.directory))
            refusal = SHARED_OUT if group is not None and is_vision_model else NO_PICTURES
        elif load.kv_bits is not None and positions_of(loaded.model) is not None:
            refusal = IN_8_BITS
        intake = AnswerIntake(
            starting.encoding, loaded.context_length, loaded.vocabulary_size, loaded.rules, starting.deliver, refusal
        )
    return Started(rank, intake, loaded, COMPLETION_BATCH, _times(began, ready), loaded.prompt_cache)


def _times(began: float, ready: float) -> dict[str, float]:
    return {"load": ready - began, "warmUp": time.monotonic() - ready}
