"""What a rank refuses before it computes: ranks that do not fit together, and parts that cannot be loaded."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from divided_files import in_two_files
from rank_threads import RankThread, Threads, command

from muster_runner.distributed.ranks import connect
from muster_runner.failures import Disagreement, Failure, PeerLost, Unsupported
from muster_runner.model.loading import load as load_model
from muster_runner.model.make_tiny_adapter import make_tiny_adapter
from muster_runner.model.model_files import ModelFileError
from muster_runner.model.part import Part
from muster_runner.protocol import Load


def agreed(loads: list[Load]) -> list[Failure | None]:
    """What each rank says of all ranks' settings."""
    threads = Threads(len(loads))

    def agree(load: Load) -> Failure | None:
        shard = load.shard
        part = Part(load.sharding, shard.start_layer, shard.end_layer, shard.layers, threads.rank(shard.rank))
        try:
            part.agree({"model_type": load.model_id}, ("1", "2"), load)
        except Failure as failure:
            return failure
        return None

    with ThreadPoolExecutor(len(loads)) as pool:
        return list(pool.map(agree, loads))


def alone(model: Path, rank: int, ranks: int, **more: Any) -> None:
    """Loads the part of a rank that agrees with itself, as if with all others."""
    load = command(model, rank, ranks, **more)
    shard = load.shard
    group: Any = RankThread(rank, [[] for _ in range(ranks)], Barrier(1))
    part = Part(load.sharding, shard.start_layer, shard.end_layer, shard.layers, group)
    load_model(model, None, lambda _done, _layers: None, part)


def test_ranks_of_one_model_agree(tmp_path: Path) -> None:
    assert agreed([command(tmp_path, rank) for rank in (0, 1)]) == [None, None]


@pytest.mark.parametrize(
    ("other", "says"),
    [
        ({"shard": {"rank": 1, "worldSize": 2, "startLayer": 0, "endLayer": 1, "layers": 4}}, "do not make up 4"),
        ({"shard": {"rank": 1, "worldSize": 2, "startLayer": 0, "endLayer": 2, "layers": 5}}, "numbers of layers"),
        ({"modelId": "another"}, "configurations of the model"),
        ({"sharding": "Tensor"}, "shardings"),
        ({"maxContext": 100}, "bounds of the context"),
        ({"concurrency": 2}, "numbers of requests"),
        ({"kvBits": 8}, "bits of the context"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_ranks_with_different_settings_report_a_disagreement(tmp_path: Path, other: Any, says: str) -> None:
    for failure in agreed([command(tmp_path, 0), command(tmp_path, 1, **other)]):
        assert isinstance(failure, Disagreement)
        assert says in str(failure)


def test_ranks_with_different_adapters_are_refused(tiny: Path, tmp_path: Path) -> None:
    adapters = []
    for rank in (0, 1):
        path = tmp_path / str(rank)
        make_tiny_adapter(path, tiny, seed=rank)
        adapters.append({"adapterId": "muster/adapter", "adapterPath": str(path)})
    one, other = adapters
    assert agreed([command(tiny, rank, adapter=one) for rank in (0, 1)]) == [None, None]
    for failure in agreed([command(tiny, 0, adapter=one), command(tiny, 1, adapter=other)]):
        assert isinstance(failure, Disagreement)
        assert "LoRA adapters" in str(failure)


def test_weights_missing_from_all_files_are_an_error(tiny: Path, tmp_path: Path) -> None:
    _, first = in_two_files(tiny, tmp_path)
    # Without an index only the weights themselves tell.
    (first / "model.safetensors.index.json").unlink()
    with pytest.raises(ModelFileError, match=r"model\.layers\.2\."):
        alone(first, 1, 2, shard={"rank": 1, "worldSize": 2, "startLayer": 0, "endLayer": 3, "layers": 4})


def test_heads_that_do_not_divide_are_refused(tiny: Path) -> None:
    with pytest.raises(Unsupported, match="num_attention_heads is 4"):
        alone(tiny, 0, 3, sharding="Tensor")


def test_an_architecture_that_cannot_be_pipelined_is_refused(tiny: Path, tmp_path: Path) -> None:
    model = tmp_path / "gemma"
    shutil.copytree(tiny, model)
    config = (model / "config.json").read_text().replace('"qwen2"', '"gemma2"')
    (model / "config.json").write_text(config)
    with pytest.raises(Unsupported, match="gemma2"):
        alone(model, 0, 2)


def test_another_backend_is_refused(tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(Unsupported, match="RDMA"):
        connect(command(tiny, instanceMeta="MlxJaccl"), tmp_path, lambda: None)


def test_an_address_that_is_not_its_own_is_named(tiny: Path, tmp_path: Path) -> None:
    hosts = ["192.0.2.1:4000", "127.0.0.1:4001"]
    with pytest.raises(PeerLost, match=r"192\.0\.2\.1:4000"):
        connect(command(tiny, ring={"hosts": hosts}), tmp_path, lambda: None)
