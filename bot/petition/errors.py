"""The few exceptions of the system. Their message is plain Chinese that a petitioner or a clerk may read."""

from __future__ import annotations


class PetitionError(Exception):
    """Something that a person can be told about."""


class StoreUnavailable(PetitionError):
    """A store did not answer; nothing was processed."""

    def __init__(self, message: str = "系统繁忙，刚才这句没有处理，请稍后再发一次。") -> None:
        super().__init__(message)


class ConflictError(PetitionError):
    """Somebody else was first, or the same id was used for something else."""


class TransitionError(PetitionError):
    """The state machine forbids the step."""


class NotFound(PetitionError):
    """There is no such case."""


class TooManyAttempts(PetitionError):
    """Guessing was stopped. `retry_after` in seconds."""

    def __init__(self, retry_after: float) -> None:
        super().__init__("查询次数太多，请过一会儿再试。")
        self.retry_after = retry_after
