"""mlx-vlm's models, without what it imports for a server, for audio and for data sets."""

import importlib
import importlib.util
import os
import sys
import types
from typing import Any

from muster_runner.failures import Failure


def family(name: str) -> Any:
    """The package of an architecture. Raises Failure where mlx-vlm is not installed."""
    _place_package()
    try:
        return importlib.import_module(f"mlx_vlm.models.{name}")
    except ImportError as error:
        raise Failure(f"the Python environment is incomplete: {error}; run the set-up again", "environment") from error


def _place_package() -> None:
    """Stands in for mlx_vlm's ``__init__``, which imports all of it: its models need none of that."""
    if "mlx_vlm" in sys.modules:
        return
    # transformers says at every import that it found no PyTorch; nothing is ever fetched.
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    spec = importlib.util.find_spec("mlx_vlm")
    if spec is None or spec.submodule_search_locations is None:
        raise Failure("the Python environment is incomplete: mlx-vlm is missing; run the set-up again", "environment")
    package = types.ModuleType("mlx_vlm")
    package.__path__ = list(spec.submodule_search_locations)
    package.__spec__ = spec
    sys.modules["mlx_vlm"] = package
