"""A draft model speeds up an answer and never changes it."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import mlx.core as mx
import pytest
from drafting import COMINGS, GOINGS, Always, Never, holds_its_tokens, sequence
from mlx_lm.models.cache import make_prompt_cache
from requests_alone import prompt, tiny_model
from runner_process import RunnerGroup, RunnerProcess
from tiny_architectures import configurations, made
from tiny_sizes import VOCABULARY

from muster_runner.cache.block_layout import measured
from muster_runner.cache.cache_layers import Footprint, footprint
from muster_runner.distributed.ranks import load_part
from muster_runner.engine.decoding import DecodingBatch
from muster_runner.engine.draft import CATCH_UP, Draft
from muster_runner.engine.engine_options import EngineOptions, engine_options
from muster_runner.engine.proposer import Proposer
from muster_runner.engine.speculation import LONGEST_DRAFT, Payoff, PromptLookup
from muster_runner.model.draft_loading import LoadedDraft, load_draft
from muster_runner.model.make_tiny import make_tiny
from muster_runner.protocol import Load, parse_command


class NoLookup(PromptLookup):
    """Finds nothing."""

    def draft(self, tokens: Sequence[int], max_length: int) -> list[int]:
        return []


def like(model: Any, noise: float, name: str = "llama") -> Any:
    """A model of the same architecture whose draft tokens are mostly accepted, but for what ``noise`` changes."""
    other = made(configurations(name)[-1])
    mx.random.seed(1)
    other.update({"lm_head": {"weight": model.lm_head.weight + noise * mx.random.normal(model.lm_head.weight.shape)}})
    return other


@pytest.fixture(scope="module")
def model() -> Any:
    return tiny_model("llama")[0]


def proposer(draft: Any, payoff: Payoff) -> Proposer:
    return Proposer(Draft(draft, VOCABULARY, pass_tokens=64), lookups=Never(), drafts=payoff)


def run(
    model: Any, proposer: Proposer | None, lookahead: bool, steps: int, rejected: list[int] | None = None
) -> tuple[dict[str, list[int]], list[Any]]:
    """What each sequence that comes gets until it leaves, and how those left that stayed. ``rejected``: the numbers of
    rejected draft tokens are added to it."""
    batch = DecodingBatch(model, lookahead, together=True, pass_tokens=64, proposer=proposer, margin=LONGEST_DRAFT)
    got: dict[str, list[int]] = {}
    for step in range(steps):
        for task, length, sampling in COMINGS.get(step, []):
            got[task] = []
            batch.join(sequence(model, prompt(length, len(task)) * 2, task, **sampling))
        batch.leave(GOINGS.get(step, []))
        for news in batch.step():
            got[news.task_id].append(news.token)
        if rejected is not None:
            rejected += [drafted - accepted for _, drafted, accepted in batch.verified]
    return got, batch.leave(["c", "e"])


@pytest.fixture(scope="module")
def plain(model: Any) -> dict[str, list[int]]:
    return run(model, None, False, steps=110)[0]


@pytest.mark.parametrize(
    ("noise", "lookahead"), [(0.0, True), (0.1, False), (9.0, False)], ids=["right", "in part", "wrong"]
)
def test_text_is_the_same_whatever_the_draft_proposes(
    model: Any, plain: dict[str, list[int]], lookahead: bool, noise: float
) -> None:
    payoff = Always()
    got, left = run(model, proposer(like(model, noise), payoff), lookahead, steps=45)
    assert payoff.passes > 20
    for task, tokens in got.items():
        count = min(len(tokens), len(plain[task]))
        assert count > 10 and tokens[:count] == plain[task][:count]
    for one in left:
        holds_its_tokens(model, one)
    per_pass = payoff.drawn / payoff.sequences
    assert per_pass > 2 if noise == 0 else per_pass >= 1


@pytest.mark.parametrize("noise", [0.0, 0.1], ids=["right", "in part"])
def test_models_with_windows_draft_for_one_another(noise: float) -> None:
    """Beyond the windows of both, through the turns of their rings."""
    model = tiny_model("gpt_oss")[0]
    plain, _ = run(model, None, False, steps=110)
    payoff, rejected = Always(), list[int]()
    got, left = run(model, proposer(like(model, noise, "gpt_oss"), payoff), False, 45, rejected)
    for task, tokens in got.items():
        count = min(len(tokens), len(plain[task]))
        assert count > 10 and tokens[:count] == plain[task][:count]
    for one in left:
        holds_its_tokens(model, one)
    assert payoff.drawn > payoff.sequences
    assert set(rejected) == {0} if noise == 0 else max(rejected) > 1


def test_drafting_pauses_if_accepted_tokens_save_no_time(model: Any) -> None:
    """Its time counts: a draft as slow as the model itself is not used for long, however many tokens are accepted."""
    payoff = Payoff()
    drafting = proposer(like(model, 0.0), payoff)
    one = sequence(model, prompt(40, 1), temperature=0)
    payoff.plain(1, 1.0)
    asked = 0
    for _ in range(200):
        if not drafting.wants(1):
            drafting.plain(1, 1.0)
            continue
        asked += 1
        draft = drafting.propose([(one, one.following)], 1).get("one", [])
        drafting.verified([(one, len(draft), len(draft))], 2.0 + len(draft))
    assert 0 < asked < 20


def test_the_draft_prefills_in_chunks_and_one_sequence_at_a_time(model: Any) -> None:
    draft = Draft(like(model, 0.0), VOCABULARY, pass_tokens=64)
    first, second = (sequence(model, prompt(length, 1), task) for task, length in (("a", 2 * CATCH_UP + 9), ("b", 300)))
    wanted = [(first, first.following, 3), (second, second.following, 3)]
    assert draft.propose(wanted) == draft.propose(wanted) == {}
    assert {task: len(found) for task, found in draft.propose(wanted).items()} == {"a": 3}
    draft.propose(wanted)
    assert {task: len(found) for task, found in draft.propose(wanted).items()} == {"a": 3, "b": 3}


def test_a_sequence_that_the_lookup_served_for_a_step_is_not_prefilled_again(model: Any) -> None:
    drafting = Proposer(Draft(like(model, 0.0), VOCABULARY, pass_tokens=64), lookups=Always(), drafts=Always())
    repeated = [1, 2, 3, 4, 5, 6, 7, 8]
    one = sequence(model, [*repeated, *prompt(3 * CATCH_UP, 1), *repeated[:6]], "one", temperature=0)
    other = sequence(model, prompt(20, 5), "other", temperature=0)

    def drafts(lookup: PromptLookup) -> dict[str, list[int]]:
        one.lookup = lookup
        return drafting.propose([(one, one.following), (other, other.following)], 2)

    steps = 1
    while "one" not in drafts(NoLookup()):
        steps += 1
    assert steps > 3
    assert drafts(PromptLookup())["one"][:2] == repeated[6:]
    one.tokens, one.following = [*one.tokens, one.following, repeated[6]], repeated[7]
    assert "one" in drafts(NoLookup())


def loaded_with_draft(tiny: Path, folder: Path, **more: Any) -> tuple[EngineOptions, LoadedDraft, Footprint]:
    """How an engine is to work, what drafts for it, and what the model alone keeps of a sequence."""
    shard = {"rank": 0, "worldSize": 1, "startLayer": 0, "endLayer": 4, "layers": 4}
    frame = {"modelId": "muster/tiny", "modelPath": str(tiny), "sharding": "Pipeline", "instanceMeta": "MlxRing"}
    command = parse_command({"type": "load", **frame, "shard": shard, **drafts_for(tiny, folder), **more})
    assert isinstance(command, Load)
    loaded = load_part(command, None, lambda _done, _layers: None)
    cache = make_prompt_cache(loaded.model)
    loaded.model(mx.array([[1, 2, 3]]), cache=cache)
    draft = load_draft(command, loaded)
    return engine_options(loaded, command, measured(cache), None, draft.footprint), draft, footprint(cache)


def test_the_budget_includes_the_drafts_caches_of_live_sequences_only(tiny: Path, tmp_path: Path) -> None:
    options, draft, alone = loaded_with_draft(tiny, tmp_path / "draft", maxContext=1000, concurrency=3)
    # One layer beside four of the same shape.
    assert draft.footprint.per_token * 4 == alone.per_token
    assert options.budget.footprint.per_token == alone.per_token + draft.footprint.per_token
    assert options.budget.total == 3 * 1000 * (alone.per_token + draft.footprint.per_token)
    assert options.cache is not None and options.cache.footprint == alone


def test_the_drafts_caches_stay_within_the_budget(model: Any) -> None:
    draft = Draft(like(model, 0.1), VOCABULARY, pass_tokens=64)
    batch = DecodingBatch(model, False, together=True, pass_tokens=64, proposer=Proposer(draft, lookups=Never()))
    for at, length in enumerate((500, 60, 70, 400)):
        batch.join(sequence(model, prompt(length, at), f"task {at}"))
    cache = make_prompt_cache(model)
    model(mx.array([[1, 2, 3]]), cache=cache)
    per_token = footprint(cache).per_token
    for _ in range(30):
        batch.step()
        counted = sum(count * longest for count, longest in batch.held())
        assert draft.nbytes <= 1.2 * counted * per_token
    assert draft.nbytes > 600 * per_token
    batch.leave([f"task {at}" for at in range(4)])
    # At once: with no sequence left there is no next draft.
    assert draft.nbytes == 0


def test_a_draft_drops_a_sequence_that_leaves_and_keeps_the_others(model: Any) -> None:
    draft = Draft(like(model, 0.0), VOCABULARY, pass_tokens=64)
    batch = DecodingBatch(model, False, together=True, proposer=Proposer(draft, lookups=Never(), drafts=Always()))
    for task, length in (("leaves", 300), ("stays", 40), ("is prefilled", 3 * CATCH_UP)):
        batch.join(sequence(model, prompt(length, 1), task, temperature=0))
    for _ in range(6):
        batch.step()
    before = draft.nbytes
    batch.leave(["leaves", "is prefilled"])
    assert 0 < draft.nbytes < before
    batch.step()
    assert [(task, drafted == accepted > 0) for task, drafted, accepted in batch.verified] == [("stays", True)]


# In runners


def drafts_for(tiny: Path, folder: Path) -> dict[str, Any]:
    make_tiny(folder, layers=1)
    return {"draft": {"modelId": "muster/draft", "modelPath": str(folder)}}


REQUESTS = [
    {"text": "one", "maxTokens": 40},
    {"text": "two " * 30, "maxTokens": 25, "sampling": {"temperature": 0.8, "seed": 3}},
    {"text": "three", "maxTokens": 12, "sampling": {"temperature": 1.0, "seed": 5, "topP": 0.8}},
]


def answers(runner: RunnerProcess) -> list[str]:
    """To requests at once, with one among them that is cancelled."""
    turn = len(runner.seen)
    tasks = [f"{turn}-{at}" for at in range(len(REQUESTS))]
    gone = f"{turn}-gone"
    for task, request in zip(tasks, REQUESTS, strict=True):
        runner.generate(task, **request)
    runner.generate(gone, text="gone", maxTokens=400)
    runner.until(lambda frame: frame["type"] == "tokens" and any(item["taskId"] == gone for item in frame["items"]))
    runner.send(type="cancel", taskId=gone)

    def ended(_frame: Any = None) -> bool:
        return {*tasks, gone} <= {frame["taskId"] for frame in runner.seen if frame["type"] == "finished"}

    if not ended():
        runner.until(ended)
    return [runner.text(task) for task in tasks]


def test_a_runner_with_a_draft_answers_like_one_without(tiny: Path, tmp_path: Path, ready: RunnerProcess) -> None:
    (tmp_path / "pipes").mkdir()
    runner = RunnerProcess(tmp_path / "pipes")
    try:
        runner.ready(tiny, **drafts_for(tiny, tmp_path / "draft"))
        assert answers(runner) == answers(ready)
    finally:
        runner.close()


def test_ranks_with_a_draft_on_the_first_answer_like_one_runner(
    tiny: Path, tmp_path: Path, ready: RunnerProcess
) -> None:
    expected = answers(ready)
    (tmp_path / "pipes").mkdir()
    group = RunnerGroup(tmp_path / "pipes")
    try:
        group.ready(tiny, "Pipeline", first=drafts_for(tiny, tmp_path / "draft"))
        assert answers(group.first) == expected
        # What was kept along the way is the same on both.
        assert answers(group.first) == expected
    finally:
        group.close()


def other_vocabulary(folder: Path) -> None:
    path = folder / "tokenizer.json"
    tokenizer = json.loads(path.read_text())
    vocabulary = tokenizer["model"]["vocab"]
    vocabulary["a"], vocabulary["b"] = vocabulary["b"], vocabulary["a"]
    path.write_text(json.dumps(tokenizer))


@pytest.mark.parametrize(
    ("layers", "spoil", "said"),
    [
        (1, other_vocabulary, "other tokens"),
        (5, lambda _folder: None, "not smaller"),
        (1, lambda folder: (folder / "model.safetensors").unlink(), "model.safetensors is missing"),
    ],
    ids=["other tokens", "larger", "damaged"],
)
def test_an_incompatible_draft_is_refused_with_the_reason(
    tiny: Path, tmp_path: Path, layers: int, spoil: Any, said: str
) -> None:
    draft = tmp_path / "draft"
    make_tiny(draft, layers=layers)
    spoil(draft)
    (tmp_path / "pipes").mkdir()
    runner = RunnerProcess(tmp_path / "pipes")
    try:
        runner.hello()
        runner.load(tiny, draft={"modelId": "muster/draft", "modelPath": str(draft)})
        failed = runner.until(lambda frame: frame["type"] == "failed")
        assert failed["code"] == "unsupported"
        assert said in failed["errorMessage"] and "without draftModelId" in failed["errorMessage"]
    finally:
        runner.close()
