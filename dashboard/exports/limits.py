"""What an uploaded file may ask for. Each limit is checked before anything of that size is read or allocated."""

from ..runs.config import MAX_LAYERS as MAX_HIDDEN

MIB = 2**20
MAX_FILE_BYTES = 200 * MIB  # of an upload; Streamlit's own limit, and room for a bundle of the largest network
MAX_UNPACKED_BYTES = 200 * MIB  # of all members of a zip together, as its directory declares them
MAX_RATIO = 100  # unpacked / packed bytes of one member; weights hardly shrink, text shrinks about tenfold
MAX_DIRECTORY_BYTES = MIB // 32  # of a zip's directory, which zipfile reads as a whole
MAX_TEXT_BYTES = 2 * MIB  # of JSON: a header, or a run with its history
MAX_LAYERS = MAX_HIDDEN + 1  # Linear layers of a network
MAX_ARRAYS = 2 * MAX_LAYERS  # a weight matrix and a bias each
MAX_BUNDLE_MEMBERS = 32
MAX_PARAMETERS = 16_000_000  # 64 MB of float32
