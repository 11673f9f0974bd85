r"""What each control is: in words, as a formula, and by its names in scikit-learn and PyTorch. Markdown with LaTeX."""

NOWHERE = "no such thing"


def told(what: str, formula: str = "", sklearn: str = NOWHERE, torch: str = NOWHERE) -> str:
    """The help text of one control; a formula where it has one."""
    names = f"scikit-learn: {sklearn}  \nPyTorch: {torch}"
    return "\n\n".join(part for part in (what, formula, names) if part)


HELP = {
    "preset": told(
        "Settings that show one thing, good or bad, and what to watch in it. Moving any control makes them your own."
    ),
    "instant": told("Every change of a setting stops the run under way and trains anew, over its pale curve."),
    "dataset": told(
        "The images to learn from. The Data page shows them, fetches Fashion-MNIST and MNIST from OpenML, and takes "
        "your own.",
        sklearn="`fetch_openml`, `load_digits`",
        torch="`torchvision.datasets.MNIST`, `FashionMNIST`",
    ),
    "layers": told(
        "Layers between the pixels and the outputs, which are one for each class. Each works on what the one before "
        "it answers; the first on the pixels.",
        r"$a^k = f(W^k a^{k-1} + b^k)$",
        "`hidden_layer_sizes`, a number for each",
        "`nn.Sequential`",
    ),
    "units": told(
        "How many units the layer has. Each weighs every answer of the layer before it.",
        r"$z = W a + b$, with $W$ of units × inputs",
        "`hidden_layer_sizes`",
        "`nn.Linear(inputs, units)`",
    ),
    "lr": told(
        "How far each step follows the gradient downhill.",
        r"$W \leftarrow W - \mathrm{lr} \cdot \partial C / \partial W$",
        "`learning_rate_init`",
        "`lr` of an optimizer",
    ),
    "batch_size": told(
        "Images whose gradients are averaged for one step. Small batches take more steps in an epoch, each noisier.",
        r"$g = \frac{1}{B} \sum_{i=1}^{B} \partial C_i / \partial W$",
        "`batch_size`",
        "`DataLoader(batch_size=)`",
    ),
    "epochs": told(
        "How often the training sees every image.",
        r"steps = epochs · $\lceil$ images / batch size $\rceil$",
        "`max_iter`",
        "a loop over the `DataLoader`",
    ),
    "activation": told(
        "What a hidden unit makes of its weighted input $z$.",
        r"Sigmoid: $1 / (1 + e^{-z})$  "
        "\n"
        r"tanh: $(e^z - e^{-z}) / (e^z + e^{-z})$  "
        "\n"
        r"ReLU: $\max(z, 0)$  "
        "\n"
        r"Leaky ReLU: $\max(z, z / 100)$",
        "`activation=` `logistic`, `tanh`, `relu`; no leaky ReLU",
        "`nn.Sigmoid`, `nn.Tanh`, `nn.ReLU`, `nn.LeakyReLU`",
    ),
    "cost": told(
        "What the output units are, and the cost $C$ of their answers $a$ for the truth $y$ that training makes small.",
        r"Quadratic: $\frac{1}{2} \sum (y - a)^2$  "
        "\n"
        r"Cross-entropy: $-\sum y \ln a$  "
        "\n"
        r"Binary: $-\sum (y \ln a + (1 - y) \ln(1 - a))$",
        "always softmax with `log_loss`",
        "`nn.MSELoss`, `nn.CrossEntropyLoss`, `nn.BCEWithLogitsLoss`",
    ),
    "init": told(
        "Where the weights start. N(0, 1) saturates wide layers; He is for ReLU; zero shows why it fails.",
        r"Xavier: uniform within $\pm\sqrt{6 / (\mathrm{in} + \mathrm{out})}$  "
        "\n"
        r"He: $N(0,\, 2 / \mathrm{in})$",
        "always Xavier, which it calls Glorot",
        "`nn.init.normal_`, `xavier_uniform_`, `kaiming_normal_`, `zeros_`",
    ),
    "optimizer": told(
        "How a gradient $g$ becomes a step. Adam, with running means of $g$ and $g^2$, wants a rate near 0.001.",
        r"SGD: $\mathrm{lr} \cdot g$  "
        "\n"
        r"Momentum: $v \leftarrow \mu v + \mathrm{lr} \cdot g$, a step of $v$  "
        "\n"
        r"Nesterov: then a step of $\mu v + \mathrm{lr} \cdot g$  "
        "\n"
        r"Adam: $\mathrm{lr} \cdot m / (\sqrt{s} + \epsilon)$",
        "`solver=` `sgd`, `adam`; `nesterovs_momentum`",
        "`optim.SGD(momentum=, nesterov=)`, `optim.Adam`",
    ),
    "momentum": told(
        "How much of a step goes on into the next. At 0.9 a step carries about ten gradients.",
        r"$v \leftarrow \mu v + \mathrm{lr} \cdot g$, with $\mu$ this number",
        "`momentum`",
        "`optim.SGD(momentum=)`",
    ),
    "schedule": told(
        "The learning rate over the epochs: a factor on it, after $t$ of $T$ epochs.",
        r"Step: $0.5^{\lfloor t / 10 \rfloor}$  "
        "\n"
        r"Cosine: $\frac{1}{2} (1 + \cos(\pi t / T))$  "
        "\n"
        r"Warm-up: $\min(1, t)$  "
        "\n"
        "One cycle: warm-up, then cosine",
        '`learning_rate=` `"invscaling"`, `"adaptive"`, others than these',
        "`lr_scheduler.StepLR`, `CosineAnnealingLR`, `LinearLR`, `OneCycleLR`",
    ),
    "clip": told(
        "The norm that all gradients together may reach; longer ones are shortened.",
        r"$g \leftarrow g \cdot \min(1,\, \mathrm{limit} / \lVert g \rVert)$",
        torch="`nn.utils.clip_grad_norm_`",
    ),
    "l2": told(
        "A penalty that keeps weights small, biases aside.",
        r"$C + \frac{\lambda}{2} \sum w^2$",
        "`alpha`, divided by the batch size",
        "`weight_decay`",
    ),
    "dropout": told(
        "The share $p$ of each hidden layer that is silent for an image, in training alone; the others make up for it.",
        r"$a \leftarrow a \cdot m / (1 - p)$, with $m = 0$ in a share $p$, else 1",
        torch="`nn.Dropout(p)`",
    ),
    "patience": told(
        "Early stopping: the training ends when validation accuracy has not risen for so many epochs, and the best "
        "weights stand. Needs validation images.",
        sklearn="`early_stopping=True`, `n_iter_no_change`",
    ),
    "validation": told(
        "Training images held out to choose the best epoch by, so that the test images have no part in it.",
        sklearn="`validation_fraction`",
        torch="`utils.data.random_split`",
    ),
    "subset": told(
        "How many of the training images that are not held out are used; few make overfitting easy to see.",
        sklearn="`train_test_split(train_size=)`",
        torch="`utils.data.Subset`",
    ),
    "shift": told(
        "Moves each image by up to $s$ pixels, anew in every epoch.",
        r"$x'_{r,c} = x_{r-i,\,c-j}$, with $i, j$ from $-s$ to $s$",
        torch="`torchvision.transforms.RandomAffine(0, translate=)`",
    ),
    "rotation": told(
        "Turns each image about its centre by up to so many degrees, anew in every epoch.",
        r"$\varphi$ uniform within $\pm$ the limit; pixels between four are their weighted mean",
        torch="`torchvision.transforms.RandomRotation`",
    ),
    "noise": told(
        "Adds noise to each pixel, anew in every epoch; 1 is full brightness.",
        r"$x' = x + \epsilon$ within 0 and 1, with $\epsilon$ from $N(0, \sigma^2)$",
        torch="`torchvision.transforms.v2.GaussianNoise(sigma=)`",
    ),
    "seed": told(
        "The number that every random choice is drawn from. The same seed gives the same run, bit for bit.",
        sklearn="`random_state`",
        torch="`torch.manual_seed`",
    ),
}
