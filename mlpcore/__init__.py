"""A multi-layer perceptron in NumPy, written to be read in one sitting.

Rows are samples. A batch is `(batch, din)`, a weight matrix `W` is `(dout, din)`, a bias `b` is `(dout,)`.
Start with `linear.py`, then `network.py`, then `training.py`.
"""

from .activations import ACTIVATIONS, sigmoid, sigmoid_derivative
from .costs import COSTS
from .data import Augmentation, hold_out, subset
from .gradcheck import gradient_error
from .initializers import INITIALIZERS
from .linear import Linear
from .network import MLP, DeeperModel, Network, ShallowModel
from .optimizers import OPTIMIZERS, SGD, Adam, Momentum, Nesterov
from .regularization import Regularization
from .schedules import SCHEDULES
from .stopping import EarlyStopping
from .training import Diverged, EpochResult, evaluate, predict, train, validate
from .weights import TrainingState

__all__ = [
    "ACTIVATIONS",
    "COSTS",
    "INITIALIZERS",
    "MLP",
    "OPTIMIZERS",
    "SCHEDULES",
    "SGD",
    "Adam",
    "Augmentation",
    "DeeperModel",
    "Diverged",
    "EarlyStopping",
    "EpochResult",
    "Linear",
    "Momentum",
    "Nesterov",
    "Network",
    "Regularization",
    "ShallowModel",
    "TrainingState",
    "evaluate",
    "gradient_error",
    "hold_out",
    "predict",
    "sigmoid",
    "sigmoid_derivative",
    "subset",
    "train",
    "validate",
]
