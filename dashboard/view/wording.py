"""Settings in words: names of their values as people write them, help texts, and a run's set-up in a line."""

from .. import datasets
from ..runs.config import SETTINGS, RunConfig
from ..runs.settings import WITH_MOMENTUM

NAMES = {
    "activation": {"sigmoid": "Sigmoid", "tanh": "tanh", "relu": "ReLU", "leaky_relu": "Leaky ReLU"},
    "cost": {
        "quadratic": "Sigmoid, quadratic cost",
        "cross_entropy": "Softmax, cross-entropy",
        "binary_cross_entropy": "Sigmoid, binary cross-entropy",
    },
    "init": {"normal": "N(0, 1)", "xavier": "Xavier", "he": "He", "zero": "Zero"},
    "optimizer": {"sgd": "SGD", "momentum": "Momentum", "nesterov": "Nesterov momentum", "adam": "Adam"},
    "schedule": {
        "constant": "Constant",
        "step": "Step",
        "cosine": "Cosine",
        "warm_up": "Warm-up",
        "one_cycle": "One cycle",
    },
}

HELP = {
    "dataset": "The images to learn from. Further sets are added on the Data page.",
    "layers": "Layers between the pixels and the outputs, one for each class.",
    "units": "How many units the layer has. Each sees every unit of the layer before it.",
    "lr": "How far each step follows the gradient: W ← W − lr · ∂C/∂W. scikit-learn: learning_rate_init, PyTorch: lr.",
    "batch_size": "Images averaged for one step. Small batches take more steps in an epoch, each of them noisier.",
    "epochs": "How often the training sees every image.",
    "activation": "What a hidden unit makes of its weighted input z. Sigmoid: 1 / (1 + e⁻ᶻ). ReLU: max(z, 0). Leaky "
    "ReLU: max(z, z / 100). scikit-learn: logistic, tanh, relu. PyTorch: nn.Sigmoid, nn.Tanh, nn.ReLU, nn.LeakyReLU.",
    "cost": "The output units and the cost C that training makes small. Quadratic: ½ ‖y − a‖². Cross-entropy: "
    "−Σ y ln a. Binary: −Σ y ln a + (1 − y) ln(1 − a). scikit-learn: log_loss. PyTorch: MSELoss, CrossEntropyLoss, "
    "BCEWithLogitsLoss.",
    "init": "Where the weights start. N(0, 1) saturates wide layers. Xavier: uniform within √(6 / (in + out)). He: "
    "N(0, 2 / in), for ReLU. Zero shows why it fails. PyTorch: nn.init.xavier_uniform_, nn.init.kaiming_normal_.",
    "optimizer": "How a gradient g becomes a step. SGD: lr · g. Momentum: v ← μ v + lr · g, a step of v. Nesterov: "
    "μ v + lr · g. Adam divides a mean of g by the root of a mean of g²: try a learning rate of 0.001. "
    "scikit-learn: solver, nesterovs_momentum. PyTorch: optim.SGD, optim.Adam.",
    "momentum": "μ, how much of a step goes on into the next. scikit-learn and PyTorch: momentum.",
    "schedule": "The learning rate over the epochs. Step: halved every 10. Cosine: falls to 0 along ½ (1 + cos πt). "
    "Warm-up: rises from 0 in the first. One cycle: warm-up, then cosine. PyTorch: StepLR, CosineAnnealingLR, "
    "LinearLR, OneCycleLR.",
    "clip": "The norm that all gradients together may reach: g ← g · min(1, limit / ‖g‖). PyTorch: clip_grad_norm_.",
    "l2": "λ: adds ½ λ Σ w² to the cost, so that weights stay small. scikit-learn: alpha. PyTorch: weight_decay.",
    "dropout": "The share p of each hidden layer that is silent for an image in training; others grow by 1 / (1 − p). "
    "PyTorch: nn.Dropout.",
    "patience": "Early stopping: the training ends when validation accuracy has not risen for so many epochs, and the "
    "best weights stand. Needs validation images. scikit-learn: early_stopping, n_iter_no_change.",
    "validation": "Training images held out to choose the best epoch by, so that the test images have no part in it. "
    "scikit-learn: validation_fraction.",
    "subset": "How many of the remaining training images are used; few make overfitting easy to see. PyTorch: Subset.",
    "shift": "Moves each image by up to so many pixels, anew in every epoch. PyTorch: RandomAffine(translate=).",
    "rotation": "Turns each image by up to so many degrees, anew in every epoch. PyTorch: RandomRotation.",
    "noise": "Adds noise from N(0, σ²) to each pixel, anew in every epoch; 1 is full brightness. PyTorch: randn_like.",
    "seed": "The number that every random choice is drawn from. The same seed gives the same run, bit for bit. "
    "scikit-learn: random_state. PyTorch: manual_seed.",
}

UNITS = {"shift": " px", "rotation": "°", "patience": " epochs"}
OFF = {"patience": "Off", "validation": "None", "subset": "All"}


def worded(name: str, value) -> str:
    """The value of a setting as people write it: ReLU, 5,000, 10°."""
    if name in NAMES:
        return NAMES[name][value]
    if name == "dataset":
        return datasets.about(value).title
    if isinstance(value, tuple):
        return "-".join(map(str, value)) or "none"
    if not value and name in ("l2", "dropout", "clip", "shift", "rotation", "noise", *OFF):
        return OFF.get(name, "Off")
    return (f"{value:,}" if isinstance(value, int) else f"{value:g}") + UNITS.get(name, "")


def set_up(config: RunConfig) -> str:
    """Learning rate, batch size, and what differs from the defaults, in a line."""
    plain = RunConfig()
    told = [f"Learning rate {config.lr:g}", f"batch size {config.batch_size:,}"]
    for name in ORDER:
        value = getattr(config, name)
        if value != getattr(plain, name) and (name != "momentum" or config.optimizer in WITH_MOMENTUM):
            text = worded(name, value)
            label = SETTINGS[name].label
            label = label if name == "l2" else label.lower()
            told.append(f"{text} {label}" if name in COUNTED else text if name in NAMES else f"{label} {text}")
    return " · ".join(told)


COUNTED = ("schedule", "validation", "subset")
ORDER = (
    "activation", "cost", "init", "optimizer", "momentum", "schedule", "clip", "l2", "dropout", "patience",
    "validation", "subset", "shift", "rotation", "noise", "seed",
)  # fmt: skip
