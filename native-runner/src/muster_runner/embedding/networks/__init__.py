"""Encoder networks, by the ``model_type`` of config.json, with the interface that mlx-lm loads.

A network takes tokens (texts, longest) and a ``mask`` (true: not padding; None: no padding), and returns hidden states
(texts, longest, width).
"""

from typing import Any

from muster_runner.embedding.networks import modern_bert, nomic_bert, post_norm

MODULES = {
    **{family: post_norm for family in post_norm.FAMILIES},
    "modernbert": modern_bert,
    "nomic_bert": nomic_bert,
}


def classes_of(config: dict[str, Any]) -> tuple[Any, Any]:
    """Returns the classes of the network and its arguments, as mlx-lm's ``load_model`` expects."""
    module = MODULES[config["model_type"]]
    return module.Model, module.Arguments
