"""An uploaded file becomes a run, marked imported: its accuracy is measured here, beside what the file claims."""

from mlpcore import TrainingState

from .. import apart, datasets, formats
from ..analysis.evaluation import predictions
from ..runs.config import RunConfig
from ..runs.run import Run
from ..runs.store import MAX_NAME, RunStore
from .architecture import sizes_of
from .imported import Imported
from .refusal import ImportRefused, shown

ROUNDING = 5e-5  # two accuracies closer than half an image in 10,000 are one


def adopt(store: RunStore, data: bytes, filename: str) -> Run:
    """The file as a run; ImportRefused, and no run, when it breaks a rule."""
    own = store.own_sets()
    imported = apart.read_weights(data, filename, sizes_of([*datasets.DATASETS.values(), *own.values()]))
    what = shown(filename.rsplit("/")[-1])
    config = imported.config or _config(imported, own)
    if config.dataset not in own and (told := datasets.own_about(config.dataset)):  # by its name alone
        raise ImportRefused(f"{what} is for a data set that is not here: {told.title}. Upload that one first.")
    weights = {name: value for name, value, _ in imported.net.parameters()}
    if not all(f"{name[:-2]}.b" in weights for name in weights):
        raise ImportRefused(f"{what} must have biases: a network without them can't be kept as a run here.")
    images, labels = datasets.load(config.dataset).test
    accuracy = float((predictions(imported.net, images).argmax(axis=1) == labels).mean())
    state = TrainingState(0, weights, {}, {})
    name = formats.clean(filename.rsplit("/")[-1].rsplit(".", 1)[0])[:MAX_NAME].strip() or "Imported"
    return store.adopt(config, state, accuracy, imported.claimed_accuracy, name=name)


def verdict(run: Run) -> str:
    """What was measured of an imported run, beside what its file claims."""
    measured = f"measured {formats.percent(run.last_accuracy)}"
    if run.claimed_accuracy is None:
        return f"Imported: {measured}; the file claims nothing."
    claim = f"Imported: {measured}, the file claims {formats.percent(run.claimed_accuracy)}"
    if abs(run.claimed_accuracy - (run.last_accuracy or 0)) < ROUNDING:
        return f"{claim}."
    return f"{claim}: they differ. It may have been measured on other images, or with other weights."


def _config(imported: Imported, own: dict[str, datasets.About]) -> RunConfig:
    """The settings that can be told from the network alone; the rest are defaults that nobody claims."""
    net = imported.net
    dataset, about = next((name, about) for name, about in (datasets.DATASETS | own).items()
                          if (about.inputs, about.classes) == (net.sizes[0], net.sizes[-1]))  # fmt: skip
    return RunConfig(
        dataset=dataset,
        hidden=tuple(net.sizes[1:-1]),
        activation=net.activation.name,
        cost=net.cost.name,
        batch_size=min(RunConfig.batch_size, about.train_samples),
    )
