"""The disk cache across runners: cached prefixes survive the end of a runner, also a kill."""

from collections.abc import Callable
from pathlib import Path

from kept_blocks import disk, wait_for_files
from runner_process import RunnerGroup, RunnerProcess

TEXT = "once upon a time " * 40


def test_a_prompt_is_not_computed_again_after_a_kill_or_an_orderly_end(
    tiny: Path, tmp_path: Path, runners: Callable[[], RunnerProcess]
) -> None:
    first = runners()
    first.ready(tiny, **disk(tmp_path / "kept"))
    text, end = first.answer("cold", text=TEXT, maxTokens=20)
    assert end["usage"]["cachedTokens"] == 0
    # A second answer is there only after the first one's blocks have been handed to the disk's thread.
    first.answer("other", text="else", maxTokens=1)
    wait_for_files(tmp_path / "kept", 3)
    first.process.kill()
    first.process.wait()
    second = runners()
    second.ready(tiny, **disk(tmp_path / "kept"))
    again, end = second.answer("warm", text=TEXT, maxTokens=20)
    assert (again, end["usage"]["cachedTokens"] >= 512) == (text, True)
    assert end["usage"]["diskTokens"] == end["usage"]["cachedTokens"]
    again, end = second.answer("from memory", text=TEXT, maxTokens=20)
    assert (again, end["usage"]["cachedTokens"] >= 512, "diskTokens" in end["usage"]) == (text, True, False)
    other = runners()
    other.ready(tiny, **disk(tmp_path / "elsewhere"))
    again, end = other.answer("cold again", text=TEXT, maxTokens=20)
    assert (again, end["usage"]["cachedTokens"]) == (text, 0)


def test_tokens_of_blocks_that_another_machine_computed_are_counted_as_such(
    tiny: Path, tmp_path: Path, runners: Callable[[], RunnerProcess]
) -> None:
    first = runners()
    first.ready(tiny, **disk(tmp_path / "kept"))
    first.answer("cold", text=TEXT, maxTokens=20)
    first.answer("other", text="else", maxTokens=1)
    wait_for_files(tmp_path / "kept", 3)
    first.close()
    copied = next(path for path in (tmp_path / "kept").rglob("*-256.safetensors") if is_first(path))
    copied.chmod(0o400)
    second = runners()
    second.ready(tiny, **disk(tmp_path / "kept"))
    _, end = second.answer("warm", text=TEXT, maxTokens=20)
    usage = end["usage"]
    assert (usage["peerTokens"], usage["diskTokens"]) == (256, usage["cachedTokens"] - 256)


def is_first(path: Path) -> bool:
    """Whether a block has no block before it: its parent is the model."""
    return path.name.startswith(path.parent.name)


def test_ranks_with_different_disks_restore_the_prefix_that_all_have(tiny: Path, tmp_path: Path) -> None:
    texts, cached = [], []
    for attempt in range(3):
        folder = tmp_path / f"group-{attempt}"
        folder.mkdir()
        group = RunnerGroup(folder)
        try:
            for rank, shard in zip(group.ranks, group.shards("Pipeline", None, 4), strict=True):
                frame = {"modelId": "m", "modelPath": str(tiny), "sharding": "Pipeline", "instanceMeta": "MlxRing"}
                rank.hello()
                where = disk(tmp_path / f"kept-{rank.rank}")
                rank.send(type="load", **frame, shard=shard, ring={"hosts": group.neighbours(rank.rank)}, **where)
            for rank in group.ranks:
                rank.status("Ready")
            task = f"task-{attempt}"
            text, end = group.first.answer(task, text=TEXT, maxTokens=20)
            texts.append(text)
            cached.append(end["usage"]["cachedTokens"])
            for rank in group.ranks:
                # All of them: the last one is written after the answer has ended.
                wait_for_files(tmp_path / f"kept-{rank.rank}", 3)
        finally:
            group.close()
        if attempt == 1:
            for path in blocks_after_the_first(tmp_path / "kept-1"):
                path.unlink()
    assert len(set(texts)) == 1
    assert cached[0] == 0
    assert cached[1] >= 512
    assert cached[2] == 256


def blocks_after_the_first(folder: Path) -> list[Path]:
    """Files are named PARENT-KEY-…: the first block's parent is no block."""
    paths = list(folder.rglob("*.safetensors"))
    keys = {path.name.split("-")[1] for path in paths}
    return [path for path in paths if path.name.split("-")[0] in keys]
