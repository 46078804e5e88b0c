"""A tiny model of every architecture that the installed mlx-lm has, with random weights.

Sizes are filled in by the names of the fields of the architecture's own ``ModelArgs`` (``tiny_sizes.py``); ``SPECIAL``
holds what a name alone does not tell (``tiny_special.py``). Windows are shorter than the prompts of the tests, so that
caches that slide have slid.
"""

import importlib
import inspect
import pkgutil
from typing import Any

import mlx.core as mx
import mlx.nn as nn
import mlx_lm.models
from mlx.utils import tree_map_with_path
from mlx_lm.utils import _get_classes
from tiny_sizes import NEUTRAL, SIZES, VOCABULARY
from tiny_special import SPECIAL


def names() -> dict[str, tuple[type, type]]:
    """Every architecture that can be loaded, as mlx-lm's module is called: its model's class and that of its
    arguments."""
    found = {}
    for info in pkgutil.iter_modules(mlx_lm.models.__path__):
        try:
            module = importlib.import_module(f"mlx_lm.models.{info.name}")
        except (Exception, SystemExit):
            continue
        if hasattr(module, "Model") and hasattr(module, "ModelArgs"):
            found[info.name] = (module.Model, module.ModelArgs)
    return found


def filled(arguments: type, special: dict[str, Any]) -> dict[str, Any]:
    """A configuration with a tiny value for every field that ``arguments`` has."""
    config: dict[str, Any] = {}
    for name, field in inspect.signature(arguments).parameters.items():
        kind = getattr(field.annotation, "__name__", "")
        if name in special:
            continue
        if name in SIZES and SIZES[name] is not None:
            config[name] = SIZES[name]
        elif field.default is inspect.Parameter.empty:
            config[name] = NEUTRAL.get(kind)
    return config | special


def configurations(name: str) -> list[dict[str, Any]]:
    """config.json of tiny models of the architecture ``name``, one for each way in which its models differ."""
    arguments = importlib.import_module(f"mlx_lm.models.{name}").ModelArgs
    made = []
    for special in SPECIAL.get(name, [{}]):
        if "text" not in special:
            made.append(filled(arguments, special) | {"model_type": name})
            continue
        special = dict(special)
        module, within = special.pop("text")
        kind, outside = special.pop("text_type", module), special.pop("outside", {})
        text = filled(getattr(importlib.import_module(f"mlx_lm.models.{module}"), within), special)
        within_text = {"text_config": text | {"model_type": kind}}
        made.append({"model_type": name, "vocab_size": VOCABULARY} | within_text | outside)
    return made


class Unpacked(nn.Module):
    """A linear layer in the place of a packed one that has the same numbers of inputs and outputs."""

    def __call__(self, x: mx.array) -> mx.array:
        shape = (self.out_features, self.in_features)
        return x @ (mx.random.normal(shape, key=mx.random.key(self.out_features)) * 0.3).T


def made(config: dict[str, Any], seed: int = 7) -> Any:
    """The same random model each time, wide enough for every layer to matter."""
    model_class, arguments = _get_classes(config)
    mx.random.seed(seed)
    model = model_class(arguments.from_dict(config))

    def drawn(_path: str, value: mx.array) -> mx.array:
        if not mx.issubdtype(value.dtype, mx.floating):
            return value
        noise = mx.random.normal(value.shape)
        return noise * 0.3 if value.ndim > 1 else value.astype(mx.float32) + noise * 0.1

    model.update(tree_map_with_path(drawn, model.parameters()))
    for module in model.modules():
        # It has its weights packed, and a kernel for graphics processors only: neither matters for its neighbours.
        if type(module).__name__ == "BitLinear":
            module.__class__ = Unpacked
    mx.eval(model.parameters())
    return model
