"""Files from anybody become a data set: IDX, .npz or CSV. ImportRefused, in a sentence, when they break a rule."""

from collections.abc import Sequence

from ..datasets import Parts
from ..exports.refusal import ImportRefused, shown
from ..limits import MAX_FILE_BYTES, MAX_FILES, MIB
from . import assemble, idx, npz, table


def read(files: Sequence[tuple[str, bytes]], label_column: str = "auto") -> Parts:
    """The data set in `files`, (name, bytes) each: one .npz, one CSV, or IDX files with images and with labels.

    `label_column` of a CSV is "first", "last" or "auto". Images uint8, at most 64 x 64; 2 to 100 classes. Without
    images for testing a sixth of each class is held back for it.
    """
    if not 1 <= len(files) <= MAX_FILES:
        raise ImportRefused(f"A data set must come in 1 to {MAX_FILES} files, got {len(files)}.")
    total = sum(len(data) for _, data in files)
    if total > MAX_FILE_BYTES:
        raise ImportRefused(
            f"The files must have at most {MAX_FILE_BYTES // MIB} MiB together, got {total / MIB:,.0f} MiB."
        )
    if all(idx.is_idx(data) for _, data in files):
        return assemble.assemble(*idx.read([(shown(name), data) for name, data in files]))
    if len(files) > 1:
        raise ImportRefused("Several files must all be IDX files, plain or .gz: images with their labels.")
    name, data = shown(files[0][0]), files[0][1]
    if data.startswith(b"PK"):
        return assemble.assemble(*npz.read(data, name))
    if table.is_text(data):
        return assemble.assemble(*table.read(data, name, label_column))
    begins = repr(bytes(data[:8])).removeprefix("b") if data else "nothing: it is empty"
    raise ImportRefused(f"{name} must be an IDX file, plain or .gz, an .npz or a CSV, but it begins with {begins}.")
