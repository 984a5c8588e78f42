"""What is wrong with what a user has written, or with the machine that packages it."""


class RelayError(ValueError):
    """The relay cannot be built; the message has a line for each thing that is wrong, and says what to do."""
