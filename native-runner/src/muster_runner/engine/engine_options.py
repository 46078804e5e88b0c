"""Derives an engine's options: features of its model, memory budget, tokens per step.

All ranks of a model derive the same options, except for the disk cache's folder.
"""

from dataclasses import astuple, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from muster_runner.cache.block_layout import Measured
from muster_runner.cache.cache_layers import NOTHING, Footprint, has_only_full
from muster_runner.cache.disk_cache import DiskCache
from muster_runner.cache.memory_budget import UNLIMITED, MemoryBudget, scaled
from muster_runner.cache.model_digest import adapter_digest, model_digest
from muster_runner.cache.prefix_cache import PrefixCache
from muster_runner.device import has_gpu
from muster_runner.distributed.group import Group
from muster_runner.engine.decoding import PASS_TOKENS
from muster_runner.engine.draft import Draft
from muster_runner.engine.prefill import PrefillSteps
from muster_runner.engine.speculation import LONGEST_DRAFT
from muster_runner.model.architectures import Abilities, can_speculate
from muster_runner.model.loading import DEFAULT_CONTEXT, LoadedModel
from muster_runner.protocol import Load

LARGE_MODEL_BYTES = 16 * 1024**3
# The fixed cost of a pass beside reading the weights (Python, kernel launches), expressed in bytes read.
PASS_BYTES = 16 << 20
# Another sub-batch within a ragged pass costs this, and 1/SUB_BATCH_PART of the weights: measured on a tiny model and
# on one of 540 MB, where it takes an eighth of the time of another pass.
SUB_BATCH_BYTES, SUB_BATCH_PART = 8 << 20, 8
# Where whole modules are computed for each sub-batch, it reads their weights too: about a third of a dense model's.
SPLIT_PART = 3
# Ranks exchange int32.
MAX_INT32 = (1 << 31) - 1


@dataclass(frozen=True)
class EngineOptions:
    """``able``: features of the model. ``cache``: the prefix cache; None disables it. ``lookahead``: overlap the GPU's
    work on the next step with the CPU's on this one; no gain without a GPU. ``pass_tokens``: see SubBatches.
    ``speculates``: speculative decoding, also by ``draft`` if given. ``claimed``: bytes of the budget that remain under
    memory pressure. ``restores_in_step``: requests wait for the disk caches of all ranks. ``context_length``: maximum
    tokens of a request, limited by the model and by memory."""

    able: Abilities
    generation_config: dict[str, Any]
    prefill: PrefillSteps
    lookahead: bool
    cache: PrefixCache | None = None
    budget: MemoryBudget = UNLIMITED
    claimed: int | None = None
    pass_tokens: int = PASS_TOKENS
    speculates: bool = False
    draft: Draft | None = None
    restores_in_step: bool = False
    context_length: int | None = None

    @property
    def margin(self) -> int:
        """See SubBatches."""
        return LONGEST_DRAFT if self.speculates else 0


def prefill_steps(weight_bytes: int, on_gpu: bool) -> PrefillSteps:
    """Chooses the prefill tokens per step: few enough that a step stays well under a second on machines that run models
    of this size, and that decoding stays smooth. ``weight_bytes``: of all ranks; ``on_gpu``: all ranks have a GPU."""
    if not on_gpu:
        # Also where nobody decodes: larger chunks are slower on a CPU, which computes the masked half of each chunk's
        # attention too.
        return PrefillSteps(idle=256, busy=256, context=2048)
    return PrefillSteps(idle=2048, busy=512 if weight_bytes < LARGE_MODEL_BYTES else 256, context=16_384)


def keeps_prompts(loaded: LoadedModel) -> bool:
    """Whether the KV of one request can serve another."""
    return loaded.able.resume


def is_exact(loaded: LoadedModel) -> bool:
    """Whether a cache of a whole sequence can only be continued at its end, because it cannot be cut to any length."""
    return not (loaded.able.trim and has_only_full(loaded.model))


def engine_options(
    loaded: LoadedModel, load: Load, caches: Measured, group: Group | None, drafting: Footprint = NOTHING
) -> EngineOptions:
    """Derives the options, with all ranks. ``caches``: the model's on this rank; ``drafting``: of the caches of the
    draft model, which are not in the prefix cache. What ``loaded`` is able to do is the same on all ranks. Raises
    PeerLost."""
    footprint = caches.footprint
    room = min(loaded.context_length, load.max_context or DEFAULT_CONTEXT)
    speculates = can_speculate(loaded.able, 1 if group is None else group.size)
    margin = LONGEST_DRAFT if speculates else 0
    live = footprint.with_margin(margin).along(drafting)
    claimed = live.sequence(room) * load.concurrency
    spare = (load.cache.spare_bytes if load.cache is not None else None) or 0
    total, exact, reuse = claimed + spare, is_exact(loaded), keeps_prompts(loaded)
    weights, kept, able, on_gpu = loaded.weight_bytes, [footprint], loaded.able, has_gpu()
    agree = _alone
    folder = load.cache.disk if load.cache is not None and reuse else None
    restores_in_step = False
    if group is not None:
        sizes = [min(size, MAX_INT32) for size in (claimed >> 10, total >> 10, weights >> 10)]
        kinds = [int(exact), int(reuse), int(folder is not None), int(able.one_pass), int(on_gpu)]
        prints = [min(size, MAX_INT32) for size in (*astuple(footprint), *astuple(drafting))]
        every = group.all_gather([*kinds, *sizes, *prints])
        exact, reuse = any(row[0] for row in every), all(row[1] for row in every)
        restores_in_step = any(row[2] for row in every)
        if not all(row[3] for row in every):
            able = replace(able, ragged=False, split=False)
        # A rank without a GPU sets the pace of all: they prefill the same chunks.
        on_gpu = all(row[4] for row in every)
        kept = [Footprint(*row[8:12]) for row in every]
        lives = [one.with_margin(margin).along(Footprint(*row[12:])) for one, row in zip(kept, every, strict=True)]
        claimed, total = (scaled([row[at] << 10 for row in every], lives, room) for at in (5, 6))
        weights = sum(row[7] << 10 for row in every)
        live = lives[0]

        def agree(length: int) -> list[int]:
            return [value for (value,) in group.all_gather([length])]

    cache = None
    if reuse:
        root = _root(loaded, load)
        disk = None
        if folder is not None:
            disk = DiskCache(Path(folder.directory), root, folder.max_bytes, caches.layout)
        cache = PrefixCache(loaded.model, kept[0], exact=exact, root=root, disk=disk, agree=agree)
    return EngineOptions(
        able=able,
        generation_config=loaded.generation_config,
        prefill=prefill_steps(weights, on_gpu),
        # With several ranks the next step starts only after the sampled tokens were broadcast.
        lookahead=on_gpu and group is None,
        cache=cache,
        budget=MemoryBudget(total, live),
        claimed=claimed,
        speculates=speculates,
        pass_tokens=pass_tokens(weights, sum(one.per_token for one in kept), able),
        restores_in_step=restores_in_step,
        context_length=min(loaded.context_length, max(room, live.fitting(total, loaded.context_length))),
    )


def claimed_tokens(loaded: LoadedModel, load: Load) -> int:
    """Returns the tokens of all requests that placement claimed memory for."""
    return min(loaded.context_length, load.max_context or DEFAULT_CONTEXT) * load.concurrency


def pass_tokens(weights: int, per_token: int, able: Abilities) -> int:
    """Returns ``pass_tokens`` of SubBatches for a model of ``weights`` bytes, with ``per_token`` bytes of cache per
    token, so that padding costs no more time than another sub-batch would."""
    part = SUB_BATCH_PART if able.ragged else SPLIT_PART
    cost = weights // part + SUB_BATCH_BYTES if able.one_pass else weights + PASS_BYTES
    return cost // per_token if per_token else MAX_INT32


def _alone(length: int) -> list[int]:
    return [length]


def _root(loaded: LoadedModel, load: Load) -> bytes:
    shard = load.shard
    return model_digest(
        loaded.directory,
        version("mlx"),
        version("mlx-lm"),
        load.sharding,
        load.kv_bits,
        adapter_digest(load.adapter),
        shard.rank,
        shard.world_size,
        shard.start_layer,
        shard.end_layer,
    )
