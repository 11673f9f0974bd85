"""What comes out of an uploaded file."""

from dataclasses import dataclass

from mlpcore import MLP

from ..runs.config import RunConfig


@dataclass(frozen=True)
class Imported:
    """A network from a file, and what the file says of its run. The accuracy is a claim until it is measured anew."""

    net: MLP
    config: RunConfig | None = None
    claimed_accuracy: float | None = None  # fraction right on the test images, 0 to 1
