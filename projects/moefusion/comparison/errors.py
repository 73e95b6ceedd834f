"""What keeps a test set from being scored."""


class EvaluationError(ValueError):
    """A test set, method or detector that cannot be scored: the message says which and why."""
