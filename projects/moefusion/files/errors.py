"""What is wrong with a user's files: the message names the file, the fault and the cure."""


class PairError(ValueError):
    """A pair that cannot be used."""


class AnnotationError(ValueError):
    """Boxes that cannot be used, in VOC XML or COCO json."""
