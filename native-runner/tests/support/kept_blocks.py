"""The disk cache of a runner: its settings, and waiting for what it writes."""

import time
from pathlib import Path
from typing import Any


def disk(folder: Path, most: int = 1 << 30) -> dict[str, Any]:
    return {"cache": {"spareBytes": 1 << 28, "disk": {"directory": str(folder), "maxBytes": most}}}


def wait_for_files(folder: Path, count: int) -> None:
    deadline = time.monotonic() + 60
    while len(list(folder.rglob("*.safetensors"))) < count:
        assert time.monotonic() < deadline, "blocks were not written"
        time.sleep(0.05)
