from guard.image.jobs import MAX_BODY
from guard.server.in_flight import UNTOLD_BYTES, InFlight


def test_what_is_over_the_limit_waits_until_something_is_released():
    """The limit holds for all pictures together, and a release counts once."""
    flight = InFlight(100)

    first = flight.hold("60")
    assert first is not None
    assert flight.hold("41") is None
    first()
    first()
    assert flight.hold("100") is not None
    assert flight.hold("1") is None


def test_a_picture_that_does_not_tell_its_length_is_counted_too():
    """Else it would be a way round the limit."""
    flight = InFlight(UNTOLD_BYTES)

    assert flight.hold("") is not None
    assert flight.hold("none") is None


def test_a_picture_is_counted_for_no_more_than_is_read_of_it():
    """One that is larger than the limit would wait for ever."""
    flight = InFlight(2 * MAX_BODY)

    assert flight.hold(str(MAX_BODY << 10)) is not None
    assert flight.hold(str(MAX_BODY)) is not None
    assert flight.hold("1") is None
