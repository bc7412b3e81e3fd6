"""One base, few kinds: who is at fault decides what happens to the message.

`InvalidMessage` goes to the dead letters, `Unavailable` is tried again, `TooLate` is counted, and a poor sample is no
error at all but an `inconclusive` answer. The docstring of a class is its default message.
"""


class BorderlightError(Exception):
    """Something went wrong in Borderlight."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").split("\n")[0])


class InvalidMessage(BorderlightError):
    """The message can never be handled, however often it is tried."""


class Unavailable(BorderlightError):
    """Something we depend on is away; trying again later can succeed."""


class TooLate(BorderlightError):
    """The answer cannot come in time any more: the work is skipped and counted, nothing is wrong."""


class ObjectMissing(BorderlightError):
    """The referenced object is not in the store."""


class ObjectCorrupt(InvalidMessage):
    """The stored object does not match the SHA-256 of its reference."""


class ObjectForbidden(ObjectMissing):
    """The store refuses this object to us. A store that may not be listed says so of objects that are not there."""


class ObjectForeign(InvalidMessage):
    """The event names an object that its reader has no business with."""


class CaptureRejected(BorderlightError):
    """The stored capture cannot be judged; `code` says why in the vocabulary of reason codes."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code

    def __reduce__(self) -> tuple[type["CaptureRejected"], tuple[str, str]]:
        return (type(self), (self.code, str(self)))
