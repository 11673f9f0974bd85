"""Named set-ups, each with what to watch in it."""

from dataclasses import dataclass

from .config import RunConfig


@dataclass(frozen=True)
class Preset:
    """A RunConfig with a name and a sentence on what it teaches."""

    name: str
    config: RunConfig
    teaches: str


PRESETS = {
    preset.name: preset
    for preset in (
        Preset(
            "A good start",
            RunConfig(hidden=(100,), init="xavier", lr=3.0, batch_size=32, epochs=16),
            "One hidden layer of 100 units with Xavier weights: more than nine in ten digits right after one epoch.",
        ),
        Preset(
            "Shallow, as in the notebook",
            RunConfig(hidden=(16,), init="normal", lr=0.5, batch_size=32, epochs=16),
            "784-16-10 with weights from N(0, 1). Sixteen units are few: watch where the accuracy levels off.",
        ),
        Preset(
            "Deeper, as in the notebook",
            RunConfig(hidden=(100, 100), init="normal", lr=0.5, batch_size=32, epochs=16),
            "784-100-100-10 with weights from N(0, 1). More units, but wide layers start saturated and learn slowly.",
        ),
    )
}
DEFAULT = "A good start"
