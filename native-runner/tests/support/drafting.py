"""Sequences that come and go in a decoding batch, and drafts for them that are made whatever they cost."""

from collections.abc import Callable, Collection
from typing import Any

import mlx.core as mx
from mlx_lm.models.cache import ArraysCache, make_prompt_cache
from tiny_sizes import VOCABULARY

from muster_runner.engine.prefill import Prefill
from muster_runner.engine.sequence import Sequence
from muster_runner.engine.speculation import Payoff, PromptLookup
from muster_runner.protocol import Sampling
from muster_runner.sampling.sampling import sampling_pipeline

# The longest draft of ``HalfRight``: so short that what is verified goes around the ring of a window several times.
DRAFT = 3

GREEDY = {"temperature": 0}
# By step: who joins, of how many tokens and drawn how, and who leaves.
COMINGS = {
    0: [("a", 40, GREEDY), ("b", 7, {"temperature": 0.7, "seed": 3})],
    6: [("c", 90, {"temperature": 0.3, "seed": 4, "top_k": 9}), ("d", 20, {**GREEDY, "frequency_penalty": 0.4})],
    25: [("e", 150, GREEDY)],
}
GOINGS = {30: ["b"], 90: ["a", "d"]}


def sequence(
    model: Any, tokens: list[int], task: str = "one", lookup: PromptLookup | None = None, **sampling: Any
) -> Sequence:
    prefill = Prefill(tokens, make_prompt_cache(model), 0)
    while prefill.remaining:
        prefill.advance(model, 512)
    pipeline = sampling_pipeline(Sampling(**sampling), {})
    made = Sequence(task, tokens[:-1], tokens[-1], prefill.cache, pipeline)
    made.lookup = lookup or made.lookup
    return made


def holds_its_tokens(model: Any, left: Sequence) -> None:
    """The cache of one that left has its tokens, and no draft token that was not accepted."""
    assert {layer.offset for layer in left.cache if not isinstance(layer, ArraysCache)} <= {len(left.tokens)}
    (rest,) = model(mx.array([[5]]), cache=left.cache)[:, -1]
    expected = model(mx.array([[*left.tokens, 5]]))[0, -1]
    assert mx.allclose(rest, expected, atol=1e-3).item()


class Always(Payoff):
    """Drafts whenever it can, whether it pays or not; counts passes."""

    def __init__(self) -> None:
        super().__init__()
        self.drawn = self.sequences = self.passes = 0

    def wants(self, width: int) -> bool:
        return True

    def verified(self, width: int, drawn: int, seconds: float) -> None:
        self.drawn, self.sequences, self.passes = self.drawn + drawn, self.sequences + width, self.passes + 1


class Never(Payoff):
    def wants(self, width: int) -> bool:
        return False


class HalfRight:
    """Drafts for each sequence what the model alone generates, with a wrong token at the end of every other draft.
    ``generated``: the answer of the model alone to a prompt, longer than a request's."""

    def __init__(self, generated: Callable[[list[int]], list[int]]):
        self._generated = generated
        # What the model generates for each task: prompt and answer.
        self._texts: dict[str, list[int]] = {}

    def propose(self, wanted: list[tuple[Sequence, int, int]]) -> dict[str, list[int]]:
        return {sequence.task_id: self._draft(sequence, first)[:most] for sequence, first, most in wanted}

    def forget(self, left: Collection[Sequence]) -> None:
        """It has no caches to free."""

    def _draft(self, sequence: Sequence, first: int) -> list[int]:
        known = [*sequence.tokens, first]
        text = self._texts.get(sequence.task_id, [])
        if text[: len(known)] != known or len(text) < len(known) + DRAFT:
            text = self._texts[sequence.task_id] = [*sequence.tokens, *self._generated(sequence.tokens)]
        *right, last = text[len(known) : len(known) + DRAFT]
        return [*right, (last + len(known) % 2) % VOCABULARY]
