"""Text generation by a loaded runner."""

import math
from typing import Any

from runner_process import RunnerProcess

LONG = "a long prompt " * 100


def test_greedy_text_is_the_same_alone_and_in_a_batch(ready: RunnerProcess) -> None:
    prompts = {f"batch-{n}": f"prompt number {n} " * (n + 1) for n in range(6)}
    alone = {task: ready.answer(f"{task}-alone", text=text, maxTokens=30)[0] for task, text in prompts.items()}
    for task, text in prompts.items():
        ready.generate(task, text=text, maxTokens=30)
    for task in prompts:
        ready.finished(task)
    assert {task: ready.text(task) for task in prompts} == alone
    assert all(len(text) == 30 for text in alone.values())


def test_requests_join_while_others_decode(ready: RunnerProcess) -> None:
    ready.generate("first", maxTokens=400)
    ready.until(lambda frame: frame["type"] == "tokens")
    ready.generate("second", maxTokens=5)
    ready.finished("second")
    assert not any(frame["type"] == "finished" and frame["taskId"] == "first" for frame in ready.seen)
    assert ready.finished("first")["usage"]["completionTokens"] == 400


def test_seeded_sampling_is_the_same_alone_and_in_a_batch(ready: RunnerProcess) -> None:
    seeded: dict[str, Any] = {"text": "dice", "maxTokens": 20, "sampling": {"temperature": 1.0, "seed": 7}}
    alone, _ = ready.answer("seed-alone", **seeded)
    for n in range(4):
        ready.generate(f"noise-{n}", text=f"noise {n}", maxTokens=25, sampling={"temperature": 1.0})
    ready.generate("seed-batch", **seeded)
    ready.finished("seed-batch")
    other, _ = ready.answer("seed-other", text="dice", maxTokens=20, sampling={"temperature": 1.0, "seed": 8})
    assert ready.text("seed-batch") == alone
    assert other != alone


def test_cancel_ends_a_request_while_it_decodes_and_leaves_the_others(ready: RunnerProcess) -> None:
    expected, _ = ready.answer("other-alone", text="other", maxTokens=60)
    ready.generate("cancelled", maxTokens=1500)
    ready.generate("other", text="other", maxTokens=60)
    ready.until(lambda frame: frame["type"] == "tokens")
    ready.send(type="cancel", taskId="cancelled")
    end = ready.finished("cancelled")
    assert end["reason"] == "cancelled"
    assert 0 < end["usage"]["completionTokens"] < 1500
    ready.finished("other")
    assert ready.text("other") == expected


def test_cancel_takes_effect_during_prefill(ready: RunnerProcess) -> None:
    ready.generate("prefill", text=LONG + "x", maxTokens=10)
    progress = ready.until(
        lambda frame: frame["type"] == "prompt" and frame["processed"] > 0 and frame["taskId"] == "prefill"
    )
    assert 0 < progress["processed"] < progress["total"]
    ready.send(type="cancel", taskId="prefill")
    end = ready.finished("prefill")
    assert (end["reason"], end["usage"]["completionTokens"]) == ("cancelled", 0)
    ready.answer("after-prefill", maxTokens=3)


def test_a_cached_prefix_is_not_computed_again_and_gives_the_same_text(ready: RunnerProcess) -> None:
    first, before = ready.answer("prefix-1", text="once upon a time " * 20, maxTokens=20)
    again, after = ready.answer("prefix-2", text="once upon a time " * 20, maxTokens=20)
    assert again == first
    assert before["usage"]["cachedTokens"] < 50
    assert after["usage"]["cachedTokens"] > 300


def test_stop_strings_end_the_text_before_them(ready: RunnerProcess) -> None:
    text, _ = ready.answer("no-stop", maxTokens=40)
    stop = text[10:13]
    shortened, end = ready.answer("stop", maxTokens=40, stop=[stop])
    assert shortened == text[: text.index(stop)]
    assert (end["reason"], end["stopSequence"]) == ("stop", stop)


def test_max_tokens_is_respected(ready: RunnerProcess) -> None:
    text, end = ready.answer("length", maxTokens=5)
    assert (len(text), end["reason"], end["usage"]["completionTokens"]) == (5, "length", 5)


def test_without_a_limit_the_text_goes_to_the_end_of_the_context(ready: RunnerProcess) -> None:
    _, end = ready.answer("room", text="x" * 1900)
    assert end["reason"] == "length"
    assert end["usage"]["promptTokens"] + end["usage"]["completionTokens"] == 2048


def test_a_request_longer_than_the_context_is_rejected_with_both_numbers(ready: RunnerProcess) -> None:
    _, end = ready.answer("too-long", text="x" * 3000)
    assert (end["type"], end["code"]) == ("rejected", "context_length_exceeded")
    assert "2048" in end["message"]


def test_logprobs_are_the_best_first_and_of_the_chosen_token(ready: RunnerProcess) -> None:
    text, _ = ready.answer("logprobs", maxTokens=4, logprobs=3)
    items = [item for frame in ready.seen if frame["type"] == "tokens" for item in frame["items"]]
    entries = [entry for item in items if item["taskId"] == "logprobs" for entry in item.get("logprobs", [])]
    assert "".join(entry["token"] for entry in entries) == text
    for entry in entries:
        assert len(entry["top"]) == 3
        assert entry["top"][0]["token"] == entry["token"]
        values = [other["logprob"] for other in entry["top"]]
        assert values == sorted(values, reverse=True)
        assert sum(math.exp(value) for value in values) <= 1 + 1e-4


def test_a_text_prompt_is_continued_without_a_template(ready: RunnerProcess) -> None:
    _, chat = ready.answer("chat-form", text="abc", maxTokens=1)
    _, plain = ready.answer("text-form", prompt={"kind": "text", "text": "abc"}, maxTokens=1)
    assert plain["usage"]["promptTokens"] == 3
    assert chat["usage"]["promptTokens"] > 3


def test_a_repetition_penalty_changes_what_is_repeated(ready: RunnerProcess) -> None:
    plain, _ = ready.answer("plain", maxTokens=60)
    punished, _ = ready.answer("punished", maxTokens=60, sampling={"repetitionPenalty": 5.0})
    assert len(set(punished)) > len(set(plain))


def test_the_status_is_running_with_live_requests_and_ready_without(ready: RunnerProcess) -> None:
    ready.answer("status", maxTokens=3)
    ready.status("Ready")
    words = [frame["status"] for frame in ready.seen if frame["type"] == "status"]
    assert words[-2:] == ["Running", "Ready"]


def test_max_tokens_beyond_the_context_means_as_many_as_fit(ready: RunnerProcess) -> None:
    prompt = {"kind": "text", "text": "x" * 2000}
    _, end = ready.answer("asks-too-much", prompt=prompt, maxTokens=32000)
    assert end["reason"] in ("length", "stop")
    assert end["usage"]["promptTokens"] + end["usage"]["completionTokens"] <= 2048


def test_end_tokens_may_be_ignored(ready: RunnerProcess) -> None:
    end = {"sampling": {"temperature": 0, "logitBias": {"2": 100}}}
    _, ended = ready.answer("ends", maxTokens=5, **end)
    _, goes_on = ready.answer("goes-on", maxTokens=5, sampling={**end["sampling"], "ignoreEos": True})
    assert (ended["reason"], ended["usage"]["completionTokens"]) == ("stop", 0)
    assert (goes_on["reason"], goes_on["usage"]["completionTokens"]) == ("length", 5)


def test_counting_runs_no_step_and_matches_the_prompt_tokens_of_a_request(ready: RunnerProcess) -> None:
    _, counted = ready.answer("counted", countOnly=True)
    _, answered = ready.answer("answered", maxTokens=1)
    assert counted["usage"] == {
        "promptTokens": answered["usage"]["promptTokens"],
        "cachedTokens": 0,
        "completionTokens": 0,
    }
