"""What the ranks of a model must decide alike, although their machines differ."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rank_threads import Threads, command

from muster_runner.cache.block_layout import BlockLayout, Measured
from muster_runner.cache.cache_layers import NOTHING, Footprint
from muster_runner.engine import engine_options as options
from muster_runner.engine.engine_options import EngineOptions
from muster_runner.engine.prefill import PrefillSteps
from muster_runner.engine.speculation import LONGEST_DRAFT
from muster_runner.model.loading import LoadedModel, load
from muster_runner.model.part import Part

GPU, CPU = True, False
LONG, SHORT = PrefillSteps(2048, 512, 16_384), PrefillSteps(256, 256, 2048)


@pytest.fixture(scope="module")
def loaded(tiny: Path) -> LoadedModel:
    return load(tiny, None, lambda _done, _layers: None, Part("Pipeline", 0, 4, 4))


def of_ranks(model: LoadedModel, ranks: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> list[EngineOptions]:
    """The options of each rank. ``gpu``: whether it has one; ``spare``: bytes that are free there; ``window``: of its
    layers, with a byte for each token; ``drafting``: what a draft model beside it has."""
    threads, here = Threads(len(ranks)), threading.local()
    monkeypatch.setattr(options, "has_gpu", lambda: here.gpu)

    def derive(rank: int) -> EngineOptions:
        here.gpu = ranks[rank].get("gpu", CPU)
        order = command(model.directory, rank, len(ranks), cache={"spareBytes": ranks[rank].get("spare", 0)})
        window = ranks[rank].get("window", 0)
        footprint = Footprint(ranks[rank].get("per_token", 1024), min(window, 1), window)
        drafting = ranks[rank].get("drafting", NOTHING)
        return options.engine_options(
            model, order, Measured(footprint, BlockLayout([], [])), threads.rank(rank), drafting
        )

    with ThreadPoolExecutor(len(ranks)) as pool:
        return list(pool.map(derive, range(len(ranks))))


@pytest.mark.parametrize(
    ("kinds", "steps"), [((GPU, GPU), LONG), ((CPU, CPU), SHORT), ((GPU, CPU), SHORT), ((CPU, GPU), SHORT)]
)
def test_a_rank_without_a_gpu_sets_the_prefill_steps_of_all(
    loaded: LoadedModel, kinds: tuple[bool, ...], steps: PrefillSteps, monkeypatch: pytest.MonkeyPatch
) -> None:
    derived = of_ranks(loaded, [{"gpu": kind} for kind in kinds], monkeypatch)
    assert [one.prefill for one in derived] == [steps, steps]


def test_ranks_of_different_machines_derive_the_same_options(
    loaded: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    ranks = [{"gpu": GPU, "spare": 50 << 20, "per_token": 4096}, {"gpu": CPU, "spare": 9 << 20, "per_token": 1024}]
    first, second = of_ranks(loaded, ranks, monkeypatch)
    assert first.cache is not None and second.cache is not None
    assert (first.prefill, first.lookahead, first.pass_tokens) == (second.prefill, second.lookahead, second.pass_tokens)
    assert (first.budget, first.claimed, first.context_length) == (second.budget, second.claimed, second.context_length)
    assert first.cache.footprint == second.cache.footprint == Footprint(per_token=4096)


def test_every_rank_counts_the_margin_of_windows_where_the_model_speculates(
    loaded: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    ranks = [{"window": 128, "drafting": Footprint(100, 7, 512)}, {"window": 0}]
    first, second = of_ranks(loaded, ranks, monkeypatch)
    assert (first.speculates, first.margin) == (second.speculates, second.margin) == (True, LONGEST_DRAFT)
    assert first.budget == second.budget
    assert first.budget.footprint == Footprint(1024 + 100, 1 + 7, 512)
    assert first.cache is not None and first.cache.footprint == Footprint(1024, 1, 128)
    only_windows, _ = of_ranks(loaded, [{"window": 128}, {"window": 128}], monkeypatch)
    assert only_windows.budget.footprint.window == 128 + LONGEST_DRAFT
    plain = replace(loaded, able=replace(loaded.able, verify=False))
    for one in of_ranks(plain, [{"window": 128}, {"window": 128}], monkeypatch):
        assert (one.speculates, one.margin, one.budget.footprint.window) == (False, 0, 128)
