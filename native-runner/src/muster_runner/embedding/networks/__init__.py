"""Encoders, by the ``model_type`` of config.json, in the form in which mlx-lm loads models.

A network takes tokens (texts, longest) and ``mask``, where there is padding: true for each token that is none. It gives
the hidden states (texts, longest, width).
"""

from typing import Any

from muster_runner.embedding.networks import modern_bert, nomic_bert, post_norm

MODULES = {
    **{family: post_norm for family in post_norm.FAMILIES},
    "modernbert": modern_bert,
    "nomic_bert": nomic_bert,
}


def classes_of(config: dict[str, Any]) -> tuple[Any, Any]:
    """The network's class and its arguments', as mlx-lm's ``load_model`` wants them."""
    module = MODULES[config["model_type"]]
    return module.Model, module.Arguments
