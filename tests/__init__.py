"""The tests of the whole project; `tests.support` holds what several of them share."""
