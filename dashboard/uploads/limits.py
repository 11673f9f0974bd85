"""What the files of a data set may ask for. Each limit is checked before anything of that size is read or allocated."""

from ..datasets import MAX_CLASSES, MAX_SIDE

MIB = 2**20
MAX_FILE_BYTES = 200 * MIB  # of all files of an upload together
MAX_PIXELS = 200 * MIB  # of all images together, a byte each
MAX_FILES = 4  # images and labels, for training and for testing
MAX_LINE_BYTES = 8 * (MAX_SIDE**2 + 1)  # of a CSV
MAX_MEMBERS = 8  # of an .npz
MAX_NAME = 40  # characters of a class's name
LEAST_IMAGES = 20

__all__ = [
    "LEAST_IMAGES",
    "MAX_CLASSES",
    "MAX_FILES",
    "MAX_FILE_BYTES",
    "MAX_LINE_BYTES",
    "MAX_MEMBERS",
    "MAX_NAME",
    "MAX_PIXELS",
    "MAX_SIDE",
    "MIB",
]
