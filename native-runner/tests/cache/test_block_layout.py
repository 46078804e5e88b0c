"""Blocks on a disk that are whole and are not this model's: they are computed again, whoever wrote them."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlx.core as mx
import pytest
from mlx_lm.models.cache import make_prompt_cache
from requests_alone import ROOT, alone, answers, prefix_cache, prompt, schedule, tiny_model
from tiny_architectures import names

from muster_runner.cache.block_file import PackedBlock, decoded
from muster_runner.cache.block_layout import BlockLayout, measured
from muster_runner.cache.blocks import Block
from muster_runner.cache.cache_layers import Footprint
from muster_runner.cache.disk_cache import DiskCache
from muster_runner.cache.prefix_cache import PrefixCache
from muster_runner.engine.prefill import Prefill

STOPS = (300, 512)
PROMPT = prompt(600, 1)


def each_side(change: Callable[[mx.array], mx.array]) -> Callable[[Block], None]:
    def changed(block: Block) -> None:
        block.kv = [(mx.contiguous(change(keys)), mx.contiguous(change(values))) for keys, values in block.kv]

    return changed


def of_states(change: Callable[[list[Any]], Any]) -> Callable[[Block], None]:
    def changed(block: Block) -> None:
        if block.states is not None:
            block.states = change(block.states)

    return changed


def without_a_layer(block: Block) -> None:
    block.kv = block.kv[1:]


def with_another_layer(block: Block) -> None:
    block.kv = [*block.kv, *block.kv[:1]]


CHANGES = {
    "a layer too few": without_a_layer,
    "a layer too many": with_another_layer,
    "more heads": each_side(lambda side: mx.concatenate([side, side], axis=1)),
    "wider heads": each_side(lambda side: mx.concatenate([side, side], axis=3)),
    "two sequences": each_side(lambda side: mx.concatenate([side, side], axis=0)),
    "fewer tokens": each_side(lambda side: side[..., 1:, :]),
    "axes exchanged": each_side(lambda side: side.swapaxes(1, 3)),
    "whole numbers": each_side(lambda side: side.astype(mx.int32)),
    "complex numbers": each_side(lambda side: side.astype(mx.complex64)),
    "half precision": each_side(lambda side: side.astype(mx.bfloat16)),
    "no states": of_states(lambda _states: None),
    "a state too few": of_states(lambda states: states[1:]),
    "states that are texts": of_states(lambda states: ["state"] * len(states)),
    "states of states": of_states(lambda states: [[state] for state in states]),
}


def rewrite(folder: Path, change: Callable[[Block], None]) -> int:
    """Changes each block in the folder, as if it had been computed so. Returns how many."""
    files = list(folder.rglob("*.safetensors"))
    for path in files:
        parent, key, _ = path.name.split("-")
        block = decoded(path.read_bytes(), bytes.fromhex(key), bytes.fromhex(parent), 0).block()
        change(block)
        path.write_bytes(PackedBlock(block).encoded())
    return len(files)


def restarted(model: Any, folder: Path, cache: PrefixCache, layout: BlockLayout) -> PrefixCache:
    disk = DiskCache(folder, ROOT, 1 << 30, layout)
    return PrefixCache(model, Footprint(per_token=1), exact=cache.exact, root=ROOT, disk=disk)


@pytest.mark.parametrize("name", ["llama", "gemma3_text", "qwen3_next"])
def test_a_block_that_does_not_fit_the_model_is_computed_again(name: str, tmp_path: Path) -> None:
    model, able = tiny_model(name)
    expected = alone(model, PROMPT)
    for number, (what, change) in enumerate(CHANGES.items()):
        folder = tmp_path / str(number)
        cache = prefix_cache(model, able, folder)
        running = schedule(model, able, cache, step=128)
        answers(running, {"first": PROMPT}, stops=STOPS)
        assert running.measured is not None
        layout = running.measured.layout
        cache._disk.flush(30)
        before = restarted(model, folder, cache, layout)
        got, known = answers(schedule(model, able, before, step=128), {"again": PROMPT}, stops=STOPS)
        assert (got["again"], known["again"]) == (expected, known["again"]) and known["again"] >= 512
        before._disk.flush(30)
        assert rewrite(folder, change) > 0
        after = restarted(model, folder, cache, layout)
        got, known = answers(schedule(model, able, after, step=128), {"again": PROMPT}, stops=STOPS)
        # Blocks that the change leaves as they were are used.
        is_unchanged = "state" in what and not cache.exact
        assert (got["again"], known["again"] > 0) == (expected, is_unchanged), what


def test_what_is_no_file_or_too_large_is_not_read(tmp_path: Path) -> None:
    model, able = tiny_model("llama")
    cache = prefix_cache(model, able, tmp_path)
    answers(schedule(model, able, cache, step=128), {"first": PROMPT})
    cache._disk.flush(30)
    one, other, *_ = sorted(tmp_path.rglob("*.safetensors"))
    one.unlink()
    os.mkfifo(one)
    with other.open("ab") as file:
        file.truncate(1 << 30)
    disk = DiskCache(tmp_path, ROOT, 1 << 20)
    for path in (one, other):
        assert disk.read(bytes.fromhex(path.name.split("-")[1]), 256) is None


@pytest.mark.parametrize("name", names())
def test_the_layout_is_the_same_at_every_position(name: str) -> None:
    model, able = tiny_model(name)
    if not (able.resume and able.chunk):
        return
    cache = prefix_cache(model, able)
    prefill = Prefill(prompt(40, 2), make_prompt_cache(model), 0)
    prefill.advance(model, 7)
    layout = measured(prefill.cache).layout
    while prefill.remaining:
        prefill.advance(model, 8)
        cache.keep(prefill.tokens[: prefill.done], prefill.cache, whole=True)
    assert len(cache) > 0
    for block in cache.store:
        packed = PackedBlock(block)
        decoded(packed.encoded(), block.key, block.parent, block.end, layout)
