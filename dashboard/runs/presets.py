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
        Preset(
            "98 % in seconds",
            RunConfig(
                hidden=(256,),
                activation="relu",
                cost="cross_entropy",
                init="he",
                optimizer="nesterov",
                lr=0.2,
                batch_size=128,
                schedule="one_cycle",
                epochs=5,
            ),
            "ReLU, softmax with cross-entropy, and a rate that rises and falls: five epochs do what sixteen could not.",
        ),
        Preset(
            "99 %",
            RunConfig(
                hidden=(512, 256),
                activation="relu",
                cost="cross_entropy",
                init="he",
                optimizer="nesterov",
                lr=0.1,
                batch_size=128,
                schedule="one_cycle",
                epochs=25,
                dropout=0.1,
                shift=1,
            ),
            "Two wide layers that never see the same image twice, and some of whose units rest: watch train accuracy "
            "stay below test accuracy.",
        ),
    )
}
DEFAULT = "A good start"
