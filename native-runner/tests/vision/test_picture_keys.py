"""Cache keys of prompts with pictures, and positions after a picture."""

import mlx.core as mx
from mlx_lm.models.cache import KVCache

from muster_runner.cache.batch_layers import merged
from muster_runner.vision.keys import FIRST_KEY, before_pictures, prompt_keys
from muster_runner.vision.positions import shifted, unshifted

PLACEHOLDER = 9
ONE, OTHER = b"1" * 32, b"2" * 32


def test_text_tokens_are_their_own_keys_and_each_picture_has_distinct_keys():
    tokens = [1, PLACEHOLDER, PLACEHOLDER, 2]
    keys = prompt_keys(tokens, PLACEHOLDER, [ONE])
    assert (keys[0], keys[3]) == (1, 2)
    assert all(key >= FIRST_KEY for key in keys[1:3]) and keys[1] != keys[2]
    assert prompt_keys(tokens, PLACEHOLDER, [ONE]) == keys
    assert not set(prompt_keys(tokens, PLACEHOLDER, [OTHER])[1:3]) & set(keys)


def test_a_picture_of_a_later_turn_changes_nothing_before_it():
    first = [1, PLACEHOLDER, PLACEHOLDER, 2]
    later = prompt_keys([*first, 3, PLACEHOLDER, 4], PLACEHOLDER, [ONE, OTHER])
    assert later[: len(first)] == prompt_keys(first, PLACEHOLDER, [ONE])
    swapped = prompt_keys([*first, 3, PLACEHOLDER, 4], PLACEHOLDER, [OTHER, ONE])
    assert swapped[1] != later[1]


def test_the_parts_of_a_picture_that_others_interrupt_belong_together():
    line, end = 7, 8
    first = [1, PLACEHOLDER, PLACEHOLDER, line, PLACEHOLDER, PLACEHOLDER, end, 2]
    keys = prompt_keys(first, PLACEHOLDER, [ONE], end)
    assert [key for key in keys if key < FIRST_KEY] == [1, line, end, 2]
    assert len({key for key in keys if key >= FIRST_KEY}) == 4
    later = prompt_keys([*first, PLACEHOLDER, line, PLACEHOLDER, end], PLACEHOLDER, [ONE, OTHER], end)
    assert later[: len(first)] == keys
    assert prompt_keys([*first, PLACEHOLDER, end], PLACEHOLDER, [OTHER, ONE], end)[1] != keys[1]


def test_a_draft_ends_before_a_picture():
    assert before_pictures([5, 6, FIRST_KEY | 7, 8]) == [5, 6]
    assert before_pictures([5, 6]) == [5, 6]


def filled(tokens: int) -> KVCache:
    cache = KVCache()
    cache.update_and_fetch(mx.ones((1, 2, tokens, 4)) * tokens, mx.ones((1, 2, tokens, 4)))
    return cache


def test_shifted_caches_have_the_same_content_and_a_shifted_offset():
    (one,), (other,) = shifted([filled(5)], -3), shifted([filled(2)], 0)
    assert (one.offset, one.size(), other.offset) == (2, 5, 2)
    keys, _ = one.update_and_fetch(mx.zeros((1, 2, 1, 4)), mx.zeros((1, 2, 1, 4)))
    assert (keys.shape[2], one.offset, one.trim(1), one.offset) == (6, 3, 1, 2)
    (batch,) = merged([[other], [one]], 2, 8)
    assert batch.offset.tolist() == [2, 2]
    batch.update_and_fetch(mx.zeros((2, 2, 1, 4)), mx.zeros((2, 2, 1, 4)))
    each = [unshifted([batch.extract(row)])[0] for row in (0, 1)]
    assert [(type(layer), layer.offset) for layer in each] == [(KVCache, 3), (KVCache, 6)]
    (plain,) = unshifted([one])
    assert (type(plain), plain.offset) == (KVCache, 5)
