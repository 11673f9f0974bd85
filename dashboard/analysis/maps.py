"""Many dimensions drawn in two: PCA at once, t-SNE in a process of its own that tells how far it is.

`python -m dashboard.analysis.maps FROM.npy TO.npy` is that process: scikit-learn's t-SNE takes seconds, holds the
interpreter while it does, and says its progress only in print.
"""

import contextlib
import hashlib
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np

from mlpcore import MLP
from mlpcore.data import scaled

from ..datasets import cache_folder
from ..errors import UserError

ITERATIONS = 1000
COMPONENTS = 50  # that t-SNE begins with, as its authors recommend: faster, and less noise
ROOT = Path(__file__).parents[2]


class MapError(UserError):
    """A map that could not be computed."""


def sample(labels: np.ndarray, count: int) -> np.ndarray:
    """The indices of `count` images drawn without repetition, always the same ones; all where there are fewer."""
    rng = np.random.default_rng(0)
    return np.sort(rng.choice(len(labels), min(count, len(labels)), replace=False))


def hidden(net: MLP, images: np.ndarray, layer: int) -> np.ndarray:
    """The activations (n, units) of hidden layer `layer`, counted from 0, for images (n, din)."""
    activation = scaled(images, net.dtype)
    for each in range(layer + 1):
        activation = net.activation.forward(net.layers[each](activation))
    return activation


def alike(points: np.ndarray) -> bool:
    """Whether points (n, d) are all one and the same, as where every unit of a layer is dead: there is no map then."""
    return not (points != points[:1]).any()


def pca(points: np.ndarray, components: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """((n, components), share of the variance that each explains) of points (n, d), by scikit-learn."""
    from sklearn.decomposition import PCA

    found = PCA(min(components, *points.shape), random_state=0)
    placed = found.fit_transform(points.astype(np.float64))
    return placed, found.explained_variance_ratio_


class Embedding:
    """t-SNE of points (n, d), computed in the background. `placed` is (n, 2) once `progress` is 1; kept for next time.

    Source: van der Maaten and Hinton, Visualizing data using t-SNE (2008); scikit-learn computes it.
    """

    _turn = threading.Lock()  # one at a time, so that training keeps the other cores

    def __init__(self, points: np.ndarray):
        points = np.ascontiguousarray(points, np.float32)
        key = hashlib.sha256(points.tobytes() + str((points.shape, ITERATIONS)).encode()).hexdigest()[:24]
        self.file = cache_folder() / "maps" / f"{key}.npy"
        self.progress, self.problem = 0.0, ""
        self.placed = _kept(self.file, len(points))
        if self.placed is not None:
            self.progress = 1.0
        else:
            threading.Thread(target=self._compute, args=(points,), name="t-SNE", daemon=True).start()

    @property
    def over(self) -> bool:
        """Whether there is nothing more to wait for."""
        return self.placed is not None or bool(self.problem)

    def _compute(self, points):
        source = self.file.with_suffix(f".{os.getpid()}-{id(self)}.from.npy")
        try:
            with self._turn:
                source.parent.mkdir(parents=True, exist_ok=True)
                np.save(source, points)
                self._follow(source)
            self.placed = _kept(self.file, len(points))
            if self.placed is None:
                self.problem = "The t-SNE map could not be computed: its process ended early."
            self.progress = 1.0
        except OSError as error:
            self.problem = f"The t-SNE map could not be computed: {error.strerror} ({self.file.parent})."
        finally:
            with contextlib.suppress(OSError):
                source.unlink()

    def _follow(self, source):
        one_thread = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
        command = [sys.executable, "-u", "-m", "dashboard.analysis.maps", str(source), str(self.file)]
        with subprocess.Popen(command, cwd=ROOT, env=one_thread, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if found := re.search(r"Iteration (\d+)", line):
                    self.progress = min(0.99, int(found[1]) / ITERATIONS)


def _kept(file, count):
    try:
        placed = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return placed if placed.shape == (count, 2) else None


def main(source: str, target: str) -> None:
    """Place the points of the file `source`, and write where they are to `target`, whole or not at all."""
    from sklearn.manifold import TSNE

    os.nice(10)
    points, _ = pca(np.load(source, allow_pickle=False), COMPONENTS)
    if points.shape[1] < 2:  # scikit-learn wants a second dimension to begin with
        points = np.column_stack([points, np.zeros(len(points))])
    perplexity = min(30, (len(points) - 1) / 3)
    placed = TSNE(perplexity=perplexity, max_iter=ITERATIONS, random_state=0, verbose=2).fit_transform(points)
    written = Path(f"{target}.{os.getpid()}.part.npy")
    np.save(written, placed)
    os.replace(written, target)


if __name__ == "__main__":
    main(*sys.argv[1:])
