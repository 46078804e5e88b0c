"""A model's weights in one file for each of two ranks."""

import shutil
from pathlib import Path

import mlx.core as mx
from mlx.utils import tree_flatten
from mlx_lm.utils import load_model

from muster_runner.model.model_directory import write_json


def in_two_files(tiny: Path, folder: Path) -> tuple[Path, Path]:
    """The tiny model for each of two ranks, each with nothing but the weights that it needs. Of rank 0 and rank 1."""
    model, _ = load_model(tiny, lazy=True)
    weights = dict(tree_flatten(model.parameters()))
    first = {name for name in weights if name.startswith(("model.embed_tokens", "model.layers.0", "model.layers.1"))}
    files = {name: f"model-0000{2 - (name in first)}-of-00002.safetensors" for name in weights}
    folders = []
    for rank in range(2):
        out = folder / f"files-{rank}"
        shutil.copytree(tiny, out)
        (out / "model.safetensors").unlink()
        write_json(out / "model.safetensors.index.json", {"weight_map": files})
        mine = {name: value for name, value in weights.items() if (name in first) == (rank == 1)}
        mx.save_safetensors(str(out / files[next(iter(mine))]), mine, metadata={"format": "mlx"})
        folders.append(out)
    # Only rank 0 makes tokens of text.
    (folders[1] / "tokenizer.json").unlink()
    return folders[0], folders[1]
