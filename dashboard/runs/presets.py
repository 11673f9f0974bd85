"""Named set-ups, each with what to watch in it."""

from dataclasses import dataclass
from typing import Any

from .config import RunConfig


@dataclass(frozen=True)
class Preset:
    """A RunConfig with a name and a paragraph: what it is, what to watch, why, and what to try next."""

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
            "One hidden layer of 100 sigmoid units, with Xavier weights that start neither too small nor too large. "
            "Watch the test curve: nine in ten digits are right after the first epoch, 97 % after six; then each "
            "epoch adds less, and the training curve pulls ahead, since the network begins to learn single images by "
            "heart. Next, switch on Train on change and move the learning rate.",
        ),
        Preset(
            "Shallow, as in the notebook",
            RunConfig(hidden=(16,), init="normal", lr=0.5, batch_size=32, epochs=16),
            "784-16-10 with weights from N(0, 1), sigmoid and the quadratic cost. Watch the curves climb slowly and "
            "level off near 90 %, training and test close together: sixteen units have no room to learn images by "
            "heart, and most of their answers are flat from the start. Next, choose Xavier under Advanced: two "
            "epochs then do more than these sixteen.",
        ),
        Preset(
            "Deeper, as in the notebook",
            RunConfig(hidden=(100, 100), init="normal", lr=0.5, batch_size=32, epochs=16),
            "784-100-100-10 with weights from N(0, 1). More units than the shallow network, and yet worse: watch it "
            "crawl towards 75 %. Each unit adds up so many large weights that its sigmoid starts out flat, and flat "
            "units pass on hardly any gradient; Inside the network shows them as saturated. Next, choose Xavier "
            "under Advanced: one epoch then does more than these sixteen.",
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
            "256 ReLU units, softmax with cross-entropy, Nesterov momentum, and a learning rate that rises, then "
            "falls. Watch the test curve pass 98 % within five epochs, where a sigmoid network needs sixteen for "
            "less. ReLU passes gradients on as they are, and the falling rate lets the weights come to rest. Next, "
            "set the schedule to constant, then the optimizer to SGD, and see what each was worth.",
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
            "Two wide layers that never see the same image twice: each is moved by up to a pixel, and a tenth of the "
            "units rests. Watch the training curve stay below the test curve for many epochs, because training is "
            "made harder than the test. So there is little to learn by heart, and 25 epochs end near 99 %. Next, "
            "switch off shift, and look at the distance of the curves.",
        ),
        Preset(
            "Learning rate too high",
            RunConfig(**RELU, hidden=(100,), lr=3.0, batch_size=32, epochs=5),
            "A good ReLU network with thirty times its learning rate. Watch accuracy stay at one in ten, whatever "
            "comes after: the first steps went so far that every hidden unit is below zero for every image, and a "
            "unit that is flat everywhere has no gradient to come back by. Inside the network shows all of them "
            "dead. Next, try a rate of 0.1: over 90 % after one epoch.",
        ),
        Preset(
            "Saturated start",
            RunConfig(hidden=(300,), init="normal", lr=0.5, batch_size=32, epochs=6),
            "300 sigmoid units with weights from N(0, 1). The inputs of a unit add up to numbers so large that the "
            "sigmoid is flat there: watch accuracy stay below 40 % for six epochs, and the saturated share Inside "
            "the network stand still. Nearly no gradient comes through a flat unit. Next, press the hint's button or "
            "choose Xavier: the same network reaches some 90 % in one epoch.",
        ),
        Preset(
            "Vanishing gradient",
            RunConfig(hidden=(30,) * 5, init="xavier", lr=1.0, batch_size=32, epochs=10),
            "Five hidden layers of sigmoid units, each of which passes on a quarter of the gradient at most. Watch "
            "five epochs in which nothing seems to happen: so little gradient reaches the first layers that they "
            "hardly move. Then they have crept far enough, and accuracy jumps. Next, choose ReLU with He weights and "
            "a rate of 0.1: 90 % after the first epoch.",
        ),
        Preset(
            "Overfitting 1,000 images",
            RunConfig(**RELU, hidden=(100,), lr=0.1, batch_size=10, epochs=30, subset=1000),
            "A network of 100 ReLU units that gets 1,000 images to learn from, in place of 60,000. Watch the curves "
            "part: soon all training images are right, and still one test image in ten is misread, because what was "
            "learned by heart does not help with new images. Test loss even rises while accuracy stands. Next, let "
            "images shift by a pixel and a fifth of the units drop out.",
        ),
        Preset(
            "A bottleneck of two units",
            RunConfig(hidden=(2,), cost="cross_entropy", lr=0.5, batch_size=32, epochs=10),
            "All that the ten outputs get of an image are the answers of two units. Watch both curves stay below "
            "half: not even the training images are learned, so more of them would not help, and longer training "
            "does not either. The network is too narrow, which is underfitting. Next, give it four units, then "
            "eight: with eight, nine in ten digits are right within three epochs.",
        ),
        Preset(
            "Zero initialisation",
            # With more units, some processors round a unit's sums by its place, and that alone tells units apart.
            RunConfig(hidden=(8,), init="zero", lr=1.0, batch_size=32, epochs=10),
            "Eight units whose weights all start at zero. Units that begin alike get the same gradient and stay alike: "
            "watch the network stay near one in three, about what a single unit is worth. Its Weights page shows eight "
            "times the same picture. Chance at the start is what makes units different. Next, choose Xavier: 90 % "
            "within three epochs, from the same eight units.",
        ),
        Preset(
            "Batch size 1",
            RunConfig(hidden=(30,), lr=0.1, batch_size=1, epochs=3),
            "A step after every single image: 60,000 an epoch. Watch how much the first epoch learns, more than nine "
            "in ten digits, and how long it takes: such small products keep the processor waiting. Each step follows "
            "one image and not the average, so the loss is noisy. Next, train Batch size 1,024, and lay both over "
            "one another in Compare, over epochs and over seconds.",
        ),
        Preset(
            "Batch size 1,024",
            RunConfig(hidden=(30,), lr=0.1, batch_size=1024, epochs=3),
            "A step after every 1,024 images: 59 an epoch, each along a good average. Watch an epoch go by in a "
            "fraction of the time that Batch size 1 takes, and how little it learns at the same rate: less than half "
            "of the digits are right after three. Fewer steps have to be larger. Next, try a rate of 3 and ten "
            "epochs: 90 %.",
        ),
    )
}
DEFAULT = "A good start"
