"""How long a crowd is told to wait that gets the same answer at once."""

from datetime import timedelta

from ticketing_core import errors
from ticketing_service.http.problems import problem_of


def waits_told(error: errors.TicketingError) -> set[str]:
    """Return what a crowd that gets the same error at once is told to wait."""
    return {problem_of(error).headers["Retry-After"] for _ in range(300)}


def test_a_crowd_does_not_come_back_at_once() -> None:
    """Each is told to wait for what is expected, and a random part of up to a third more."""
    assert waits_told(errors.Overloaded(timedelta(seconds=30))) <= {str(n) for n in range(30, 41)}
    assert len(waits_told(errors.Overloaded(timedelta(seconds=30)))) > 5


def test_a_wait_that_is_no_queue_is_the_control() -> None:
    """It is told as it is: the test above would fail."""
    assert waits_told(errors.StoreUnavailable()) == {"2"}
