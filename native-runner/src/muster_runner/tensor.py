"""A model whose every layer is spread over the ranks."""

from typing import Any

from muster_runner.group import Group


def uneven(config: dict[str, Any], ranks: int) -> str | None:
    """Which of a model's sizes cannot be shared out evenly, in words; None if all can. mlx-lm would only find out by
    failing in the first step."""
    for name in ("num_attention_heads", "num_key_value_heads", "intermediate_size", "moe_intermediate_size"):
        size = config.get(name, (config.get("text_config") or {}).get(name))
        if isinstance(size, int) and size % ranks:
            return f"its {name} is {size}, which {ranks} ranks cannot share evenly"
    return None


class Slice:
    """One rank's slice of every layer. Called like the model; on ranks above 0 what it gives back says nothing."""

    def __init__(self, model: Any, group: Group):
        """Slices ``model``, before any weight is read."""
        model.shard(group.raw)
        self.model = model
        # Only rank 0 looks at logits; the widest matrix of the model is neither read nor used on the others.
        body = getattr(model, "model", None)
        self._headless = group.rank > 0 and "lm_head" in model and hasattr(body, "layers")
        if self._headless:
            model.pop("lm_head")

    @property
    def layers(self) -> list[Any]:
        """All decoder layers."""
        return self.model.layers

    def make_cache(self) -> list[Any]:
        """An empty cache for each layer."""
        from mlx_lm.models.cache import make_prompt_cache

        return make_prompt_cache(self.model)

    def __call__(self, tokens: Any, cache: Any = None) -> Any:
        return self.model.model(tokens, cache) if self._headless else self.model(tokens, cache=cache)
