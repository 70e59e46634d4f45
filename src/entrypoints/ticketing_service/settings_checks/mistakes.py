"""A setting that is missing or wrong, and the list of them."""

from attrs import frozen

PREFIX = "TICKETING_"
"""What every variable begins with. The checks name settings without it."""


@frozen
class SettingMistake:
    """One setting that is missing or wrong.

    Attributes:
        variable: The name of the environment variable.
        detail: What is wrong and what is expected, never with a secret.
    """

    variable: str
    detail: str

    def __str__(self) -> str:
        return f"{self.variable} {self.detail}"


class Mistakes(list[SettingMistake]):
    """Everything that was found missing or wrong so far."""

    def add(self, name: str, detail: str) -> None:
        """Add a mistake with the setting ``name``."""
        self.append(SettingMistake(PREFIX + name, detail))
