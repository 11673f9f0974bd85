"""What strangers' files may take of this machine, and may ask for.

Each limit is checked before anything of that size is read or allocated. .streamlit/config.toml and docs/nginx.conf say
the first one too.
"""

from .datasets import MAX_CLASSES, MAX_SIDE
from .runs.config import MAX_LAYERS as MAX_HIDDEN

MIB = 2**20
MAX_FILE_BYTES = 200 * MIB  # of an upload: a bundle of the largest network, or 260,000 images of 28 x 28
READER_BYTES = 3 * 2**30  # of address space for the process that reads it: the largest file needs half of it
READER_SECONDS = 60
READERS = 2  # such processes at once; who comes third waits
PATIENCE = 120  # seconds, before who waits is sent away

# Zip files
MAX_DIRECTORY_BYTES = MIB // 32  # of its directory, which zipfile reads as a whole
MAX_UNPACKED_BYTES = 200 * MIB  # of all members together, as the directory declares them
MAX_RATIO = 100  # unpacked / packed bytes of one member; weights hardly shrink, text shrinks about tenfold
MAX_SET_RATIO = 1100  # the same in a data set: labels in order shrink almost to nothing, by deflate at most 1032

# Weights
MAX_TEXT_BYTES = 2 * MIB  # of JSON: a header, or a run with its history
MAX_NPY_HEADER = 512  # bytes of an .npy's header; numpy writes 118
MAX_LAYERS = MAX_HIDDEN + 1  # Linear layers of a network
MAX_ARRAYS = 2 * MAX_LAYERS  # a weight matrix and a bias each
MAX_BUNDLE_MEMBERS = 32
MAX_PARAMETERS = 16_000_000  # 64 MB of float32

# Data sets
MAX_PIXELS = 200 * MIB  # of all images together, a byte each
MAX_FILES = 4  # images and labels, for training and for testing
MAX_LINE_BYTES = 8 * (MAX_SIDE**2 + 1)  # of a CSV
MAX_MEMBERS = 8  # of an .npz
MAX_NAME = 40  # characters of a class's name
LEAST_IMAGES = 20

__all__ = [
    "LEAST_IMAGES",
    "MAX_ARRAYS",
    "MAX_BUNDLE_MEMBERS",
    "MAX_CLASSES",
    "MAX_DIRECTORY_BYTES",
    "MAX_FILES",
    "MAX_FILE_BYTES",
    "MAX_LAYERS",
    "MAX_LINE_BYTES",
    "MAX_MEMBERS",
    "MAX_NAME",
    "MAX_NPY_HEADER",
    "MAX_PARAMETERS",
    "MAX_PIXELS",
    "MAX_RATIO",
    "MAX_SET_RATIO",
    "MAX_SIDE",
    "MAX_TEXT_BYTES",
    "MAX_UNPACKED_BYTES",
    "MIB",
    "PATIENCE",
    "READERS",
    "READER_BYTES",
    "READER_SECONDS",
]
