"""What the language model computes of a prompt with pictures, in parts, against mlx-vlm's model in one pass."""

import importlib

import pytest
from vision_alone import answered, begin
from vision_in_parts import in_parts, is_close, two_pictures

from muster_runner.vision.kind import PROCESSORS


@pytest.mark.parametrize("chunk", [5, 32, 4096])
@pytest.mark.parametrize("kind", sorted(PROCESSORS))
def test_a_prompt_in_parts_gives_the_logits_of_mlx_vlm(kind: str, chunk: int, seeing_tiny) -> None:
    directory = seeing_tiny(kind)
    pictured = two_pictures(directory)
    assert is_close(in_parts(directory, pictured, chunk), begin(directory, pictured).logits[0, -1])


def test_pictures_whose_masks_grow_with_the_square_of_all_are_encoded_one_at_a_time(
    seeing_tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    masks = importlib.import_module("mlx_vlm.models.pixtral.vision")
    patches, original = [], masks.generate_block_attention_mask
    monkeypatch.setattr(
        masks, "generate_block_attention_mask", lambda each, tensor: patches.append(each) or original(each, tensor)
    )
    directory = seeing_tiny("pixtral")
    in_parts(directory, two_pictures(directory))
    assert [len(each) for each in patches] == [1, 1]


@pytest.mark.parametrize("kind", sorted(PROCESSORS))
def test_an_answer_that_was_preempted_continues_as_in_mlx_vlm(kind: str, seeing_tiny) -> None:
    directory = seeing_tiny(kind)
    pictured, answer = two_pictures(directory), [40, 41, 42, 43, 44, 45, 46]
    # Its last part begins in the prompt and ends in the answer.
    chunk = len(pictured.tokens) - 3
    assert is_close(in_parts(directory, pictured, chunk, answer), answered(begin(directory, pictured), answer))
