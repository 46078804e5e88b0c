"""How the ranks of one model take their steps together.

Before each step one small word goes round. In it rank 0 gives the tokens that it drew in the step before, and how many
bytes of orders follow; every rank gives the mark of what it has computed, and how many requests it has read from its
disk what is known of. Nothing that decides the flow is ever
computed twice: it is made on rank 0 and told. When nothing is live any more all ranks leave, and sleep in their pipes.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from muster_runner.failures import Disagreement
from muster_runner.group import Group
from muster_runner.schedule import COMPLETION_BATCH

# What rank 0 decided: ("join", task, [tokens of its prompt, positions at which states are kept]),
# ("leave", tasks, whether all that was computed were numbers), ("resize", "", bytes of the memory budget),
# ("guess", "", what the next step is fed beside the latest tokens, by task) or ("take", "", how many of the tokens that
# the last step fed each sequence count).
Order = tuple[str, Any, Any]


@dataclass(frozen=True)
class Word:
    """What goes round before a step. ``mark``: a uint32 that all ranks must have in common. ``restored``: restores
    that this rank has done; in the word that comes back, that all have."""

    mark: int
    restored: int
    tokens: list[int] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)


def exchange(group: Group, word: Word) -> Word:
    """Gives this rank's word; returns rank 0's ``tokens`` and ``orders``, and the least ``restored``.

    Raises Disagreement where they have not, and PeerLost.
    """
    data = json.dumps(word.orders, separators=(",", ":")).encode() if word.orders else b""
    own = [0] * (2 * group.size)
    # As int32 in its range: what is summed must not overflow.
    own[2 * group.rank : 2 * group.rank + 2] = [word.mark >> 1, word.restored]
    size, *told = group.sum([len(data), *own, *word.tokens, *[0] * (COMPLETION_BATCH - len(word.tokens))])
    marks, restored, tokens = told[: len(own) : 2], told[1 : len(own) : 2], told[len(own) :]
    if len(set(marks)) > 1:
        raise Disagreement(f"the ranks of this model are out of step: {marks}")
    orders = json.loads(group.share(data or None, size)) if size else []
    return Word(word.mark, min(restored), tokens, orders)
