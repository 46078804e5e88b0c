"""Which batching and caching features each architecture supports, by the name of mlx-lm's module.

The table is ``architectures.json``; test_architectures.py measures it on tiny models and can rewrite it. A
feature that was not measured is not used: the model then runs one sequence at a time, slower but correct. Every rank
has the same table, so all decide alike.
"""

import json
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from mlx_lm.models.cache import make_prompt_cache

from muster_runner.cache.cache_layers import can_rewind
from muster_runner.cache.ragged_layer import has_ragged_layers
from muster_runner.cache.split_modules import split_modules

TABLE = Path(__file__).with_name("architectures.json")


@dataclass(frozen=True)
class Abilities:
    """``chunk``: chunked prefill. ``pad``: prefill of prompts of different lengths in one padded batch. ``batch``:
    continuous batching of decoding. ``resume``: a cached prefix can be continued, more than once. ``trim``: a cache can
    be cut to any shorter prefix while its ``is_trimmable`` holds; without it, a cache serves only prompts that start
    with all of its tokens. ``ragged``: one decoding pass over several caches; see cache/ragged_layer.py. ``split``: the
    same where ``ragged`` does not hold; see cache/split_modules.py. ``verify``: a decoding pass can feed a sequence
    several tokens, of which the latest are removed again."""

    chunk: bool = False
    pad: bool = False
    batch: bool = False
    resume: bool = False
    trim: bool = False
    ragged: bool = False
    split: bool = False
    verify: bool = False

    @property
    def one_pass(self) -> bool:
        """Whether one decoding pass computes several caches."""
        return self.ragged or self.split


NONE = Abilities()
ALL = Abilities(chunk=True, pad=True, batch=True, resume=True, trim=True, ragged=True, verify=True)


@cache
def _table() -> dict[str, Any]:
    return json.loads(TABLE.read_bytes())


def module_name(config: dict[str, Any]) -> str:
    """Returns mlx-lm's module for a config.json, as its ``_get_classes`` chooses it."""
    kind, table = config["model_type"], _table()
    named = config.get("architectures") or ()
    for architecture in (named,) if isinstance(named, str) else named:
        if module := table["remapped"].get(kind, {}).get(architecture):
            return module
    return table["aliases"].get(kind, kind)


def abilities(config: dict[str, Any]) -> Abilities:
    """Returns the features of a model with this config.json."""
    row = _table()["architectures"].get(module_name(config), ())
    return Abilities(**{name: name in row for name in Abilities.__dataclass_fields__})


def can_speculate(able: Abilities, ranks: int) -> bool:
    """Whether ``ranks`` ranks can verify draft tokens. Several cannot compute states again: all but one learn only with
    the next step which tokens were accepted."""
    return able.verify and (able.trim or ranks == 1)


def within(able: Abilities, model: Any) -> Abilities:
    """Returns ``able`` without what the caches of this model cannot do, and with ``ragged`` or ``split``, for which it
    prepares the modules of the model."""
    caches = make_prompt_cache(model)
    batches = all(hasattr(layer, "merge") for layer in caches)
    ragged = able.ragged and has_ragged_layers(model)
    split = able.split and batches and not ragged
    if split:
        split_modules(model)
    verify = able.verify and able.batch and batches and can_rewind(model)
    return replace(
        able, pad=able.pad and batches, batch=able.batch and batches, ragged=ragged, split=split, verify=verify
    )
