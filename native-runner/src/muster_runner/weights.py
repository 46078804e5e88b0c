"""Opens a model with its weights still on disk, and makes sure that none is missing that will be needed."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx_lm.utils
from mlx.utils import tree_flatten
from mlx_lm.utils import _get_classes, load_model

from muster_runner.failures import Failure, Unsupported
from muster_runner.model_files import ModelFileError
from muster_runner.part import Part

Classes = Callable[[dict[str, Any]], tuple[Any, Any]]

_LAYER = re.compile(r"(?:^|\.)layers\.(\d+)\.")


def needed_names(part: Part, names: set[str]) -> set[str]:
    """The names, out of those of all weights, that a rank with ``part`` of the model needs."""
    if not part.pipelined or part.group is None:
        return names
    last, first = part.group.rank == 0, part.group.rank == part.group.size - 1
    tied = not any(name.startswith("lm_head.") for name in names)

    def needed(name: str) -> bool:
        if layer := _LAYER.search(name):
            return part.start <= int(layer[1]) < part.end
        if ".embed_tokens." in name:
            return first or (last and tied)
        return last or not name.startswith(("lm_head.", "model.norm."))

    return {name for name in names if needed(name)}


def open_model(
    directory: Path, config: dict[str, Any], part: Part, classes: Classes = _get_classes
) -> tuple[Any, dict[str, Any]]:
    """The whole model, not read yet, and its configuration. What ``part`` does not need may be missing; it then has
    random numbers, which cost nothing as long as nobody looks at them. ``classes``: of the model and its arguments, for
    a configuration. Raises ModelFileError and Unsupported."""

    def checking(config: dict[str, Any]) -> tuple[Any, Any]:
        model_class, arguments = classes(config)
        return _checked(model_class, part), arguments

    whole = part.group is None
    try:
        with _already_read(config):
            if whole:
                return load_model(directory, lazy=True, get_model_classes=classes)
            return load_model(directory, lazy=True, strict=False, get_model_classes=checking)
    except SystemExit as error:
        # Some of mlx-lm's modules need packages that are no part of it, and end the process without them.
        raise Unsupported(
            f"this runner has not what mlx-lm needs for the architecture {config['model_type']}"
        ) from error
    except (ModelFileError, Failure, MemoryError, RuntimeError, OSError):
        # Other machines, memory, disks: nothing of this is the model's fault.
        raise
    except Exception as error:  # mlx-lm builds the model without checking the configuration first
        if "not supported" in str(error):
            raise Unsupported(
                f"this version of mlx-lm does not know the architecture {config['model_type']}"
            ) from error
        raise ModelFileError(_misfit(config, error)) from error


@contextmanager
def _already_read(config: dict[str, Any]) -> Iterator[None]:
    """While this lasts, mlx-lm takes this configuration. Its own reading stops at a byte order mark, and at a
    generation_config.json that holds no object."""
    original = mlx_lm.utils.load_config
    mlx_lm.utils.load_config = lambda _path: mlx_lm.utils._decode_tagged_floats(config)
    try:
        yield
    finally:
        mlx_lm.utils.load_config = original


_MISSING_ARGUMENT = re.compile(r"missing \d+ required (?:positional|keyword-only) arguments?: (.+)$")


def _misfit(config: dict[str, Any], error: Exception) -> str:
    """What building the model stumbled over, naming the field of config.json where that is known."""
    if isinstance(error, TypeError) and (missing := _MISSING_ARGUMENT.search(str(error))):
        return f"config.json lacks {missing[1]}, which a {config['model_type']} model has to tell"
    return f"config.json does not fit the model's weights: {error}"


def _checked(model_class: Any, part: Part) -> Callable[[Any], Any]:
    """A model class that takes no fewer and no other weights than ``part`` needs."""

    class Checked(model_class):
        def load_weights(self, weights: Any, strict: bool = True) -> Any:
            mine = dict(tree_flatten(self.parameters()))
            given = dict(weights)
            if missing := sorted(needed_names(part, set(mine)) - set(given)):
                raise ModelFileError(
                    f"the model's files lack {len(missing)} weights of layers {part.start} to {part.end - 1}, "
                    f"the first of them {missing[0]}"
                )
            for name, value in given.items():
                if name not in mine or mine[name].shape != value.shape:
                    if name in mine and name not in needed_names(part, set(mine)):
                        continue
                    raise ValueError(
                        f"{name} has no place in the model" if name not in mine else f"{name} has the wrong shape"
                    )
            return super().load_weights(weights, strict=False)

    return Checked


def damaged(directory: Path) -> str | None:
    """The first file with a tensor that cannot be meant, and that tensor's name; None if all are plausible. Reads all
    weights, which is only worth it once it is known that something is wrong."""
    empty = None
    for path in sorted(directory.glob("model*.safetensors")):
        for name, values in mx.load(str(path)).items():
            if not mx.issubdtype(values.dtype, mx.floating):
                continue
            if not mx.all(mx.isfinite(values)).item():
                return f"{path.name} ({name})"
            if values.ndim > 1 and not mx.any(values).item():
                empty = empty or f"{path.name} ({name})"
            mx.clear_cache()
    return empty
