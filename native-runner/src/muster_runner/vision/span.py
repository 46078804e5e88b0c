"""What a model is told beside its tokens while it computes a part of a prompt with pictures."""

from collections.abc import Callable
from contextlib import AbstractContextManager

# Given the indices of the first token and of the one after the last: holds during the forward pass of these tokens.
Span = Callable[[int, int], AbstractContextManager[None]]
