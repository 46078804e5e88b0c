"""Connects the ranks, and builds the engine (rank 0) or the follower (other ranks) for a loaded model."""

import sys
from collections.abc import Callable
from dataclasses import astuple, replace
from importlib.metadata import version
from pathlib import Path

from muster_runner.cache.cache_layers import NOTHING
from muster_runner.distributed.following import Follower
from muster_runner.distributed.group import Group, join_ring
from muster_runner.distributed.jaccl import join_jaccl
from muster_runner.distributed.leading import Leader
from muster_runner.distributed.rehearsal import REHEARSAL, rehearse
from muster_runner.distributed.side_channel import SideChannel
from muster_runner.engine.engine import Emit, Engine
from muster_runner.engine.engine_options import EngineOptions, claimed_tokens, engine_options
from muster_runner.failures import Unsupported
from muster_runner.model.architectures import Abilities
from muster_runner.model.draft_loading import NO_SPECULATION, load_draft
from muster_runner.model.loading import LoadedModel, Progress
from muster_runner.model.loading import load as load_model
from muster_runner.model.model_files import read_config
from muster_runner.model.part import Part
from muster_runner.model.warm_up import warm_up, warm_up_follower
from muster_runner.protocol import Load
from muster_runner.rank import AnsweringRank, Rank


def connect(load: Load, folder: Path, check: Callable[[], None]) -> Group | None:
    """Joins the group of ranks, blocking until all are connected; None for a single rank. ``folder``: a file with
    addresses is written there temporarily. ``check`` is called while waiting and may raise to abort.

    Raises PeerLost, SideChannelBroken, RdmaFailed and Unsupported.
    """
    if load.shard.world_size == 1:
        return None
    if load.shard.rank >= load.shard.world_size:
        raise Unsupported(f"there is no rank {load.shard.rank} of {load.shard.world_size}")
    if load.instance_meta == "MlxRing":
        return join_ring(_ring_hosts(load), load.shard.rank, folder, check)
    devices = _devices(load)
    if load.jaccl is None or load.jaccl.rehearsal is None:
        return join_jaccl(devices, load.shard.rank, folder, check)
    print(REHEARSAL, file=sys.stderr, flush=True)
    channel = SideChannel(folder, load.shard.world_size, check)
    try:
        rehearse(devices, load.shard.rank, load.jaccl.rehearsal.attempt, channel.all_gather)
    finally:
        channel.close()
    return join_ring(_ring_hosts(load), load.shard.rank, folder, check)


def _ring_hosts(load: Load) -> list[str | None]:
    if load.ring is None:
        raise Unsupported("a model on several machines needs their addresses in the ring, and this load has none")
    if len(load.ring.hosts) != load.shard.world_size:
        raise Unsupported(
            f"the ring has {len(load.ring.hosts)} addresses for rank {load.shard.rank} of {load.shard.world_size}"
        )
    return load.ring.hosts


def _devices(load: Load) -> list[list[str | None]]:
    """Returns the validated device matrix, by rank and peer rank."""
    size = load.shard.world_size
    if load.jaccl is None:
        raise Unsupported("a model on machines joined by RDMA needs their devices, and this load has none")
    devices = load.jaccl.devices
    if len(devices) != size or any(len(row) != size for row in devices):
        raise Unsupported(f"the RDMA devices are not given for every two of {size} ranks")
    for one, row in enumerate(devices):
        for other, device in enumerate(row):
            if (device is None) != (one == other):
                raise Unsupported(f"rank {one} has {device or 'no RDMA device'} towards rank {other}")
    return devices


def load_part(load: Load, group: Group | None, progress: Progress) -> LoadedModel:
    """Loads this rank's part, once all ranks agree. Raises ModelFileError, Unsupported, Disagreement, PeerLost."""
    part = Part(load.sharding, load.shard.start_layer, load.shard.end_layer, load.shard.layers, group)
    directory = Path(load.model_path)
    if group is not None:
        part.agree(read_config(directory), (version("mlx"), version("mlx-lm")), load)
    progress(0, part.end - part.start if part.pipelined else part.layers)
    return load_model(directory, load.max_context, progress, part, load.kv_bits, load.adapter)


def start(
    loaded: LoadedModel, load: Load, group: Group | None, emit: Emit, wake: Callable[[int], None]
) -> tuple[Rank, LoadedModel]:
    """Warms up, on all ranks together. Returns the rank, and the model with its context limited to the memory.

    Raises PeerLost, Disagreement and, for an incompatible draft model, Unsupported.
    """
    if group is not None:
        # All ranks run the same steps, so only abilities that every rank's layers have can be used.
        every = group.all_gather([*astuple(loaded.able)])
        loaded = replace(loaded, able=Abilities(*(all(column) for column in zip(*every, strict=True))))
    if loaded.tokenizer is None or loaded.rules is None:
        assert group is not None
        options = engine_options(loaded, load, warm_up_follower(loaded, group), group)
        return Follower(loaded.model, group, options), _with_limits(options, loaded)

    def progress(done: int, of: int) -> None:
        # On a GPU each new shape compiles kernels, for up to a minute: report progress to the supervisor.
        if of > 1:
            print(f"warming up: {done} of {of} shapes", flush=True)
            emit(type="status", status="WarmingUp")

    warmed_up = warm_up(loaded, loaded.tokenizer, group, progress)
    known = min(loaded.tokenizer.vocabulary_size(), warmed_up.vocabulary_size)
    loaded = replace(loaded, vocabulary_size=known)
    draft = load_draft(load, loaded) if load.draft is not None else None
    options = engine_options(loaded, load, warmed_up.caches, group, NOTHING if draft is None else draft.footprint)
    if draft is not None:
        if not options.speculates:
            raise Unsupported(NO_SPECULATION)
        options = replace(options, draft=draft.draft(claimed_tokens(loaded, load)))
        loaded = replace(loaded, weight_bytes=loaded.weight_bytes + draft.nbytes)
    engine = Engine(loaded.model, loaded.tokenizer, loaded.rules, options, emit, loaded.tower)
    rank = AnsweringRank(engine) if group is None else Leader(engine, group, wake)
    return rank, _with_limits(options, loaded)


def _with_limits(options: EngineOptions, loaded: LoadedModel) -> LoadedModel:
    """Limits the context to the memory, and adds where computed prompts are kept."""
    context_length = min(loaded.context_length, options.context_length or loaded.context_length)
    folder = None if options.cache is None else options.cache.folder
    return replace(loaded, context_length=context_length, prompt_cache=folder)
