"""Tensor sharding: every rank has a slice of every layer."""

import inspect
from typing import Any

from muster_runner.distributed.group import Group


def uneven(config: dict[str, Any], ranks: int) -> str | None:
    """Describes the first size of a model that is not divisible by ``ranks``; None if all are. mlx-lm would fail only
    in the first step."""
    for name in ("num_attention_heads", "num_key_value_heads", "intermediate_size", "moe_intermediate_size"):
        size = config.get(name, (config.get("text_config") or {}).get(name))
        if isinstance(size, int) and size % ranks:
            return f"its {name} is {size}, which {ranks} ranks cannot share evenly"
    return None


def _can_drop_head(body: Any) -> bool:
    """Whether the model without its head is a decoder that can be called like the model."""
    return hasattr(body, "layers") and "cache" in inspect.signature(type(body).__call__).parameters


class Slice:
    """One rank's slice of every layer. Called like the model; on ranks above 0 the result is meaningless."""

    def __init__(self, model: Any, group: Group):
        """Slices ``model``, before any weight is read."""
        model.shard(group.raw)
        self.model = model
        # Only rank 0 needs logits: the other ranks skip the head, the model's widest matrix.
        self._headless = group.rank > 0 and _can_drop_head(getattr(model, "model", None))
        if self._headless:
            model.pop("lm_head", None)

    @property
    def layers(self) -> list[Any]:
        """All decoder layers, sliced."""
        return self.model.layers

    def make_cache(self) -> list[Any]:
        """Returns an empty cache for each layer."""
        from mlx_lm.models.cache import make_prompt_cache

        return make_prompt_cache(self.model)

    def __call__(self, tokens: Any, cache: Any = None) -> Any:
        return self.model.model(tokens, cache=cache) if self._headless else self.model(tokens, cache=cache)
