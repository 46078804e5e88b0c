"""Fixtures: tiny models and runner processes."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from runner_process import RunnerGroup, RunnerProcess

from muster_runner.deferred import import_mlx_lm

# As in a runner: on a CPU nothing is compiled, for which mlx would run the system's C++ compiler.
import_mlx_lm()


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model, built once for all tests."""
    from muster_runner.model.make_tiny import make_tiny

    out = tmp_path_factory.mktemp("models") / "tiny"
    make_tiny(out)
    return out


@pytest.fixture(scope="session")
def seeing_tiny(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The tiny vision model of an architecture, built once for all tests."""
    folder = tmp_path_factory.mktemp("seeing")

    def built(kind: str) -> Path:
        from muster_runner.vision.make_tiny import make_tiny

        if not (folder / kind).exists():
            make_tiny(folder / kind, kind)
        return folder / kind

    return built


@pytest.fixture
def group(tmp_path: Path) -> Iterator[RunnerGroup]:
    processes = RunnerGroup(tmp_path)
    yield processes
    processes.close()


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[RunnerProcess]:
    process = RunnerProcess(tmp_path)
    yield process
    process.close()


@pytest.fixture
def runners(tmp_path: Path) -> Iterator[Callable[[], RunnerProcess]]:
    """Starts runners, one after the other."""
    started: list[RunnerProcess] = []

    def start() -> RunnerProcess:
        folder = tmp_path / f"pipes-{len(started)}"
        folder.mkdir()
        started.append(RunnerProcess(folder))
        return started[-1]

    yield start
    for process in started:
        process.close()


@pytest.fixture(scope="module")
def ready(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunnerProcess]:
    """One runner with the tiny model for all tests of a file."""
    process = RunnerProcess(tmp_path_factory.mktemp("pipes"))
    process.ready(tiny)
    yield process
    process.close()
