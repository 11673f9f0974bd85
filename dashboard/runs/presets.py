"""Named set-ups, each with what to watch in it."""

from dataclasses import dataclass
from typing import Any

from .config import RunConfig


@dataclass(frozen=True)
class Preset:
    """A RunConfig with a name and a sentence on what it teaches."""

    name: str
    config: RunConfig
    teaches: str


RELU: dict[str, Any] = {"activation": "relu", "cost": "cross_entropy", "init": "he"}
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
        Preset(
            "Learning rate too high",
            RunConfig(**RELU, hidden=(100,), lr=3.0, batch_size=32, epochs=5),
            "One step goes so far that every ReLU ends up below zero for every image. Dead units have no gradient: "
            "accuracy stays at chance, whatever comes after. Unfold Inside the network.",
        ),
        Preset(
            "Saturated start",
            RunConfig(hidden=(300,), init="normal", lr=0.5, batch_size=32, epochs=6),
            "Weights from N(0, 1) into 300 units add up to large inputs, where the sigmoid is flat: watch accuracy "
            "crawl below 40 %. With Xavier the same network reaches 90 % in its first epoch.",
        ),
        Preset(
            "Vanishing gradient",
            RunConfig(hidden=(30,) * 5, init="xavier", lr=1.0, batch_size=32, epochs=10),
            "Five sigmoid layers, each of which passes on a quarter of the gradient at most. For five epochs nothing "
            "seems to happen; then the first layers have crept far enough.",
        ),
        Preset(
            "Overfitting 1,000 images",
            RunConfig(**RELU, hidden=(100,), lr=0.1, batch_size=10, epochs=30, subset=1000),
            "With 1,000 images to learn from, all of them are soon known by heart, and one test image in ten is still "
            "misread: watch the distance between the two curves.",
        ),
        Preset(
            "A bottleneck of two units",
            RunConfig(hidden=(2,), cost="cross_entropy", lr=0.5, batch_size=32, epochs=10),
            "All that the output learns of an image are two numbers. Fewer than half of the digits can be told apart, "
            "in training as in the test.",
        ),
        Preset(
            "Zero initialisation",
            RunConfig(hidden=(30,), init="zero", lr=1.0, batch_size=32, epochs=8),
            "Thirty units that begin alike get the same gradient and stay alike: the network learns as if it had one. "
            "Look at its Weights.",
        ),
        Preset(
            "Batch size 1",
            RunConfig(hidden=(30,), lr=0.1, batch_size=1, epochs=3),
            "A step after every image: 60,000 an epoch. Much is learned in one epoch, but it takes long; set it beside "
            "Batch size 1,024 in Compare, over epochs and over seconds.",
        ),
        Preset(
            "Batch size 1,024",
            RunConfig(hidden=(30,), lr=0.1, batch_size=1024, epochs=3),
            "A step after every 1,024 images: 59 an epoch, and fast, but at the same rate hardly anything is learned. "
            "Fewer steps need larger ones: try a rate of 3 and more epochs.",
        ),
    )
}
DEFAULT = "A good start"
