"""Failures that end a runner. Imports no mlx: some occur before mlx is imported."""

# Limit of a message: some are written by templates, libraries and files, which may write gigabytes, and no supervisor
# takes an event of that size.
MAX_CHARACTERS = 2000


def shortened(message: str) -> str:
    """Returns a message that can be sent and shown."""
    return message if len(message) <= MAX_CHARACTERS else f"{message[:MAX_CHARACTERS]}…"


class Failure(Exception):
    """Ends the runner. The message is for people; ``code`` is the protocol's error code."""

    def __init__(self, message: str, code: str):
        super().__init__(message)
        self.code = code


class Unsupported(Failure):
    """A valid model that this runner cannot run, or not with these settings; the message says why."""

    def __init__(self, message: str):
        super().__init__(message, "unsupported")


class PeerLost(Failure):
    """Another rank is gone or unreachable. No further collective may be called: it could hang for ever."""

    def __init__(self, message: str):
        super().__init__(message, "ring")


class SideChannelBroken(Failure):
    """The ranks cannot exchange their RDMA connection data."""

    def __init__(self, message: str):
        super().__init__(f"the side channel of RDMA: {message}", "side_channel")


class RdmaFailed(Failure):
    """RDMA could not be set up, or broke. The message is mlx's own with its ``[jaccl]`` prefix, which the node parses
    for the cause."""

    def __init__(self, message: str):
        super().__init__(message, "jaccl")


class Disagreement(Failure):
    """The ranks have different settings, or are out of lockstep; their results would be wrong."""

    def __init__(self, message: str):
        super().__init__(message, "disagreement")


def as_failure(error: Exception) -> Failure | None:
    """Returns the exception if it is a Failure, or the Failure for mlx's errors of lost connections; else None."""
    if isinstance(error, Failure):
        return error
    if isinstance(error, RuntimeError) and "[ring]" in str(error):
        return PeerLost(f"the connection to another rank was lost: {error}")
    if isinstance(error, RuntimeError | ValueError) and "[jaccl]" in str(error):
        return RdmaFailed(str(error))
    return None
