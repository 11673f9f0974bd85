"""A multi-layer perceptron in NumPy, written to be read in one sitting.

Rows are samples. A batch is `(batch, din)`, a weight matrix `W` is `(dout, din)`, a bias `b` is `(dout,)`.
Start with `linear.py`, then `network.py`, then `training.py`.
"""

# ruff: noqa: F401 - the public names
from .activations import ACTIVATIONS, sigmoid, sigmoid_derivative
from .costs import COSTS
from .data import hold_out, subset
from .gradcheck import gradient_error
from .initializers import INITIALIZERS
from .linear import Linear
from .network import MLP, DeeperModel, Network, ShallowModel
from .optimizers import OPTIMIZERS, SGD, Adam, Momentum, Nesterov
from .regularization import EarlyStopping, Regularization
from .schedules import SCHEDULES
from .training import Diverged, EpochResult, evaluate, predict, train, validate
from .weights import TrainingState
