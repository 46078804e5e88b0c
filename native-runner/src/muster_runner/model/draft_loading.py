"""Loads a draft model for speculative decoding, beside the target model."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlx.core as mx
from mlx.utils import tree_flatten
from mlx_lm.models.cache import make_prompt_cache

from muster_runner.cache.cache_layers import Footprint, can_trim, footprint
from muster_runner.cache.memory_budget import MemoryBudget
from muster_runner.engine.draft import MARGIN, Draft
from muster_runner.engine.engine_options import pass_tokens
from muster_runner.failures import Unsupported
from muster_runner.model.architectures import Abilities, abilities, can_speculate, within
from muster_runner.model.loading import LoadedModel
from muster_runner.model.model_files import ModelFileError, check_model
from muster_runner.model.part import Part
from muster_runner.model.weights import open_model
from muster_runner.protocol import DraftModel, Load
from muster_runner.tokenization.tokenizer import Tokenizer, load_tokenizer

WITHOUT = "declare it without draftModelId"
# Token counts of the warm-up passes: a prefill chunk, and a single token.
WARM_UP = (8, 1)


NO_SPECULATION = f"no draft model works: this model's KV cache cannot be trimmed to the accepted tokens; {WITHOUT}"


@dataclass(frozen=True)
class LoadedDraft:
    """A draft model in memory. ``vocabulary``: its size; ``nbytes``: of its weights; ``footprint``: of its caches."""

    model: Any
    vocabulary: int
    nbytes: int
    footprint: Footprint
    able: Abilities

    def draft(self, tokens: int) -> Draft:
        """Builds the draft. ``tokens``: of all sequences that memory was claimed for, which limits padding."""
        spare = MemoryBudget(self.footprint.sequence(tokens), self.footprint).spare_tokens
        price = pass_tokens(self.nbytes, self.footprint.per_token, self.able)
        return Draft(self.model, self.vocabulary, price, self.able.one_pass, spare)


def load_draft(load: Load, loaded: LoadedModel) -> LoadedDraft:
    """Loads the draft model, unsharded. Raises Unsupported if it does not fit ``loaded``."""
    assert load.draft is not None and loaded.tokenizer is not None
    if not can_speculate(loaded.able, load.shard.world_size):
        raise Unsupported(NO_SPECULATION)
    try:
        model, vocabulary, able = _opened(load.draft, loaded.tokenizer)
    except ModelFileError as error:
        raise Unsupported(f"the draft model {load.draft.model_id} cannot be used: {error}; {WITHOUT}") from error
    nbytes = sum(value.nbytes for _, value in tree_flatten(model.parameters()))
    if load.shard.world_size == 1 and nbytes >= loaded.weight_bytes:
        raise Unsupported(
            f"the draft model {load.draft.model_id} is not smaller than this one ({nbytes} of {loaded.weight_bytes} "
            f"bytes), so its draft would cost more than they save; name a smaller one or {WITHOUT}"
        )
    for layer in model.layers:
        mx.eval(layer.parameters())
    mx.eval(model.parameters())
    return LoadedDraft(model, vocabulary, nbytes, _measured(model), able)


def _opened(draft: DraftModel, tokenizer: Tokenizer) -> tuple[Any, int, Abilities]:
    """Returns the model, its weights unread, the vocabulary size, and the features of the model. Raises ModelFileError
    and Unsupported."""
    directory = Path(draft.model_path)
    config = check_model(directory)
    vocabulary = tokenizer.vocabulary()
    if load_tokenizer(directory, config).vocabulary() != vocabulary:
        raise Unsupported(
            f"the draft model {draft.model_id} has other tokens than this model, so it cannot draft them; name one of "
            f"the same family, or {WITHOUT}"
        )
    model, config = open_model(directory, config, Part("Pipeline", 0, 0, 0))
    able = within(abilities(config), model)
    if not (able.verify and can_trim(model)):
        raise Unsupported(
            f"the draft model {draft.model_id} has a context that cannot be cut back to what came true, as recurrent "
            f"layers have; name a model without them, or {WITHOUT}"
        )
    return model, 1 + max(vocabulary.values()), able


def _measured(model: Any) -> Footprint:
    """Measures the footprint of its caches, and warms it up."""
    cache = make_prompt_cache(model)
    for count in WARM_UP:
        mx.eval(model(mx.array([list(range(count))]), cache=cache))
    return footprint(cache).with_margin(MARGIN)
