"""evaluate: how good are the weights in a file?"""

import argparse
import math
import os

import mlpcore

from .. import apart, datasets, formats
from ..analysis import evaluation
from ..exports.architecture import sizes_of
from ..runs.config import ConfigError, parse
from ..runs.store import database_url, open_store
from . import files
from .output import print_json, table

EXAMPLES = """\
examples:
  python -m dashboard evaluate weights.npz
  python -m dashboard evaluate bundle.zip --split train --json"""


def add(commands) -> None:
    """The command with its options."""
    parser = commands.add_parser(
        "evaluate",
        help="how good are the weights in a file?",
        description="Measure the weights in a file (.npz, .safetensors or a bundle .zip), whoever trained them.",
        epilog=EXAMPLES,
    )
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("--dataset", type=_dataset, help="default: those of the run in FILE, else mnist")
    parser.add_argument("--split", choices=("test", "train"), default="test", help="which of them; default: test")
    parser.add_argument("--json", action="store_true", help="as JSON, for a script")
    parser.set_defaults(answer=answer)


def _dataset(text):
    try:
        return parse("dataset", text)
    except ConfigError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def answer(asked: argparse.Namespace) -> None:
    """Accuracy with its interval, the cost, and scores by digit."""
    own = open_store(database_url()).own_sets()
    known = sizes_of([*datasets.DATASETS.values(), *own.values()])
    imported = apart.read_weights(files.read(asked.file), os.path.basename(asked.file), known)
    net = imported.net
    dataset = asked.dataset or (imported.config.dataset if imported.config else "mnist")
    about = datasets.about(dataset)
    X, y = getattr(datasets.load(dataset), asked.split)
    loss, accuracy = mlpcore.evaluate(net, (X, y))
    low, high = evaluation.accuracy_interval(accuracy, len(y))
    scores = evaluation.scores_by_class(y, evaluation.predictions(net, X).argmax(axis=1), about.classes)
    network = "-".join(map(str, net.sizes))
    if asked.json:
        by_class = {str(digit): row.to_dict() for digit, row in scores.iterrows()}
        figures = {"accuracy": accuracy, "interval_95": [low, high], "loss": loss, "images": len(y)}
        of = {"network": network, "activation": net.activation.name, "cost": net.cost.name}
        print_json({"file": asked.file, "dataset": dataset, "split": asked.split, **of, **figures, "classes": by_class})
        return
    images = f"{formats.count(len(y))} {'test' if asked.split == 'test' else 'training'} images"
    print(f"{network}, {net.activation.name}, {net.cost.name}: {formats.percent(accuracy)} of {images}")
    print(f"95 % interval: {100 * low:.2f} to {formats.percent(high)}. Loss: {formats.loss(loss)}")
    rows = [
        (name, *(formats.percent(None if math.isnan(score) else score) for score in row[:3]), int(row.support))
        for name, (_, row) in zip(about.names, scores.iterrows(), strict=True)
    ]
    print("\n" + table((about.noun, "precision", "recall", "f1", "images"), rows, right=range(5)))
