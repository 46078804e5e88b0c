"""How the ranks of one model take their steps together.

Before each step one small word goes round. In it rank 0 gives the tokens that it drew in the step before, and how many
bytes of orders follow; every rank gives the mark of what it has computed. Nothing that decides the flow is ever
computed twice: it is made on rank 0 and told. When nothing is live any more all ranks leave, and sleep in their pipes.
"""

import json
from typing import Any

from muster_runner.failures import Disagreement
from muster_runner.group import Group
from muster_runner.schedule import COMPLETION_BATCH

# What rank 0 decided: ("join", task, [tokens of its prompt, positions at which states are kept]),
# ("leave", tasks, whether all that was computed were numbers) or ("resize", "", bytes of the memory budget).
Order = tuple[str, Any, Any]


def exchange(group: Group, mark: int, tokens: list[int], orders: list[Order]) -> tuple[list[int], list[Order]]:
    """One word: rank 0's ``tokens`` and ``orders`` for every rank. ``mark``: a uint32 all ranks must have in common.

    Raises Disagreement where they have not, and PeerLost.
    """
    data = json.dumps(orders, separators=(",", ":")).encode() if orders else b""
    marks = [0] * group.size
    # As int32 in its range: what is summed must not overflow.
    marks[group.rank] = mark >> 1
    word = group.sum([len(data), *marks, *tokens, *[0] * (COMPLETION_BATCH - len(tokens))])
    size, marks, tokens = word[0], word[1 : 1 + group.size], word[1 + group.size :]
    if len(set(marks)) > 1:
        raise Disagreement(f"the ranks of this model are out of step: {marks}")
    told = json.loads(group.share(data or None, size)) if size else []
    return tokens, told
