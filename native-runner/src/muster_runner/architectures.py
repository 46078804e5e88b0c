"""What the models of each architecture can do with several sequences, by the name of mlx-lm's module.

The table is ``architectures.json``; tests/test_architectures.py measures all of it on tiny models and writes it anew.
An ability that was not measured is not used: the model then computes one sequence at a time, slower but never wrong.
Every rank of a model has the same table, so all decide alike.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from mlx_lm.models.cache import make_prompt_cache

TABLE = Path(__file__).with_name("architectures.json")


@dataclass(frozen=True)
class Abilities:
    """``chunk``: a prompt may be computed in pieces. ``pad``: prompts of different lengths may be computed in one
    pass, padded to the longest. ``batch``: sequences may decode together, join and leave. ``resume``: a cache that was
    kept may be continued, more than once. ``trim``: a cache may be cut back to any shorter beginning, for as long as
    it says so itself; without, a kept cache serves only what begins with all of it."""

    chunk: bool = False
    pad: bool = False
    batch: bool = False
    resume: bool = False
    trim: bool = False


NONE = Abilities()
ALL = Abilities(chunk=True, pad=True, batch=True, resume=True, trim=True)


@cache
def _table() -> dict[str, Any]:
    return json.loads(TABLE.read_bytes())


def module_name(config: dict[str, Any]) -> str:
    """mlx-lm's module for a config.json, as its own ``_get_classes`` chooses it."""
    kind, table = config["model_type"], _table()
    named = config.get("architectures") or ()
    for architecture in (named,) if isinstance(named, str) else named:
        if module := table["remapped"].get(kind, {}).get(architecture):
            return module
    return table["aliases"].get(kind, kind)


def abilities(config: dict[str, Any]) -> Abilities:
    """What a model with this config.json can do."""
    row = _table()["architectures"].get(module_name(config), ())
    return Abilities(**{name: name in row for name in Abilities.__dataclass_fields__})


def within(able: Abilities, model: Any) -> Abilities:
    """``able``, less what the caches of this very model have no way to do."""
    caches = make_prompt_cache(model)
    batches = all(hasattr(layer, "merge") for layer in caches)
    return Abilities(able.chunk, able.pad and batches, able.batch and batches, able.resume, able.trim)
