"""Why a runner cannot go on. Here is nothing that needs mlx: some of it happens before mlx is there."""


class Failure(Exception):
    """The runner cannot go on; the message is for people, the code names the kind."""

    def __init__(self, message: str, code: str):
        super().__init__(message)
        self.code = code


class Unsupported(Failure):
    """A sound model that this runner cannot run, or not like this; the message says why."""

    def __init__(self, message: str):
        super().__init__(message, "unsupported")


class PeerLost(Failure):
    """Another rank is gone, or cannot be reached. No further collective may be entered: it could hang for ever."""

    def __init__(self, message: str):
        super().__init__(message, "ring")


class SideChannelBroken(Failure):
    """The ranks cannot tell one another how RDMA reaches them."""

    def __init__(self, message: str):
        super().__init__(f"the side channel of RDMA: {message}", "side_channel")


class RdmaFailed(Failure):
    """RDMA could not be had, or broke. The message is mlx's own, with its mark ``[jaccl]``: causes are known by it."""

    def __init__(self, message: str):
        super().__init__(message, "jaccl")


class Disagreement(Failure):
    """The ranks were told different things, or no longer do the same; what they would compute is worth nothing."""

    def __init__(self, message: str):
        super().__init__(message, "disagreement")


def as_failure(error: Exception) -> Failure | None:
    """The failure that an exception is or, where mlx says that a connection to another rank broke, means."""
    if isinstance(error, Failure):
        return error
    if isinstance(error, RuntimeError) and "[ring]" in str(error):
        return PeerLost(f"the connection to another rank was lost: {error}")
    if isinstance(error, RuntimeError | ValueError) and "[jaccl]" in str(error):
        return RdmaFailed(str(error))
    return None
