"""The table of architectures says what the installed mlx-lm has and can do; see survey.py."""

import json

import pytest
from mlx_lm.models.cache import KVCache
from mlx_lm.utils import MODEL_REMAPPING, _get_classes
from survey import CHECKS, row
from tiny_architectures import configurations, names

from muster_runner.model.architectures import NONE, TABLE, Abilities, abilities, module_name, within

INSTALLED = names()
WRITTEN = json.loads(TABLE.read_bytes())


def test_the_table_lists_every_architecture_of_the_installed_mlx_lm() -> None:
    assert sorted(WRITTEN["architectures"]) == sorted(INSTALLED)
    assert set(CHECKS) == set(Abilities.__dataclass_fields__)


@pytest.mark.parametrize("name", INSTALLED)
def test_batched_sequences_give_the_same_results_as_alone(name: str) -> None:
    """Exactly where the table says so: if another version can do more, the table is written anew."""
    able, against = row(name, INSTALLED[name][0])
    assert able == WRITTEN["architectures"][name], against


@pytest.mark.parametrize(
    "config",
    [
        {"model_type": "llama"},
        {"model_type": "bailing_hybrid", "architectures": ["BailingMoeV3ForCausalLM"]},
        {"model_type": "bailing_hybrid", "architectures": "BailingMoeV3ForCausalLM"},
        {"model_type": "bailing_hybrid", "architectures": ["Another"]},
        *({"model_type": alias} for alias in MODEL_REMAPPING),
    ],
    ids=str,
)
def test_a_configuration_maps_to_the_same_architecture_as_in_mlx_lm(config: dict[str, object]) -> None:
    model, _ = _get_classes(config)
    assert INSTALLED[module_name(config)][0] is model


def test_an_architecture_outside_the_table_runs_one_sequence_at_a_time() -> None:
    assert abilities({"model_type": "unheard_of"}) == NONE


def test_a_model_whose_caches_cannot_be_merged_is_not_batched() -> None:
    class Unmerged:
        def make_cache(self) -> list[object]:
            return [KVCache(), object()]

    able = abilities({"model_type": "llama"})
    assert able.pad and able.batch
    assert within(able, Unmerged()) == Abilities(chunk=True, resume=True, trim=True)


def test_every_tiny_configuration_is_read_as_its_own_architecture() -> None:
    for name in INSTALLED:
        assert {module_name(config) for config in configurations(name)} == {name}
