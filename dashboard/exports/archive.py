"""A zip file from a stranger: its directory is judged before anything in it is unpacked, and nothing goes to disk."""

import io
import stat
import struct
import zipfile
import zlib
from dataclasses import dataclass
from typing import IO

from ..limits import MAX_DIRECTORY_BYTES, MAX_RATIO, MAX_UNPACKED_BYTES, MIB
from .refusal import ImportRefused, listed, shown

# The end of a zip file (APPNOTE.TXT 6.3.10, section 4.3.16): signature, disk numbers, members here and in all,
# bytes of the directory, its offset, bytes of a comment. Before it, in large files, the zip64 locator (4.3.15).
END = struct.Struct("<4s4H2LH")
END_SIGNATURE = b"PK\x05\x06"
ZIP64_LOCATOR_BYTES, ZIP64_SIGNATURE = 20, b"PK\x06\x07"
FIRST_SIGNATURE = b"PK\x03\x04"
LOCAL_BYTES = 30  # of a member's own header, before its name (4.3.7)
ENCRYPTED = 1  # bit of a member's flags
ARCHIVE_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,  # NotImplementedError among them
)


@dataclass(frozen=True)
class Archive:
    """Members by name, each within the limits. Use `open_archive`."""

    what: str
    file: zipfile.ZipFile
    members: dict[str, zipfile.ZipInfo]

    def open(self, name: str) -> IO[bytes]:
        """A stream of the member; ImportRefused when its own header differs from the directory."""
        try:
            return self.file.open(self.members[name])
        except ARCHIVE_ERRORS as error:
            raise damaged(self.what, error) from error

    def read(self, name: str, limit: int) -> bytes:
        """The member's bytes; ImportRefused when it is missing, larger than `limit` or damaged."""
        if name not in self.members:
            raise ImportRefused(f'{self.what} must hold "{name}", got {listed(self.members)}.')
        size = self.members[name].file_size
        if size > limit:
            raise ImportRefused(f"{name} in {self.what} must have at most {limit:,} bytes, got {size:,}.")
        try:
            with self.open(name) as stream:
                data = stream.read(size)
        except ARCHIVE_ERRORS as error:
            raise damaged(f"{name} in {self.what}", error) from error
        if len(data) != size:
            raise ImportRefused(f"{name} in {self.what} must have {size:,} bytes, got {len(data):,}.")
        return data


def damaged(what: str, error: object) -> ImportRefused:
    """The refusal of a file that a reader gave up on."""
    return ImportRefused(f"{what} must be whole, but it is cut short or damaged: {shown(error)}.")


def open_archive(
    data: bytes, what: str, max_members: int, noun: str = "members", max_ratio: int = MAX_RATIO
) -> Archive:
    """The zip file `data`; ImportRefused when its directory breaks a rule. Reads the directory alone."""
    _check_end(data, what, max_members, noun)
    try:
        file = zipfile.ZipFile(io.BytesIO(data))
    except ARCHIVE_ERRORS as error:
        raise damaged(what, error) from error
    infos = file.infolist()
    if len(infos) > max_members:
        raise ImportRefused(f"{what} must hold at most {max_members} {noun}, got {len(infos):,}.")
    members: dict[str, zipfile.ZipInfo] = {}
    for info in infos:
        _check_name(info.orig_filename, what)
        if info.filename in members:
            raise ImportRefused(f'{what} must hold each name once, got "{shown(info.filename)}" twice.')
        _check_packing(info, what, max_ratio)
        members[info.filename] = info
    _check_places(infos, file.start_dir, what)
    total = sum(info.file_size for info in infos)
    if total > MAX_UNPACKED_BYTES:
        raise ImportRefused(
            f"{what} must unpack to at most {MAX_UNPACKED_BYTES // MIB} MiB, got {total / MIB:,.0f} MiB."
        )
    return Archive(what, file, members)


def _check_end(data, what, max_members, noun):
    """The last bytes of the file, which say how large a directory zipfile will read."""
    if not data.startswith(FIRST_SIGNATURE):
        raise ImportRefused(f"{what} must be a zip file, but it begins with {_begins(data)}.")
    if len(data) < END.size or data[-END.size :][:4] != END_SIGNATURE:
        raise ImportRefused(f"{what} must end with a zip directory, which is missing: the file is cut short.")
    _, _, _, _, count, directory, _, comment = END.unpack(data[-END.size :])
    before = len(data) - END.size - ZIP64_LOCATOR_BYTES
    if comment or (before >= 0 and data[before : before + 4] == ZIP64_SIGNATURE):
        raise ImportRefused(f"{what} must be a plain zip file, but it has a comment or a zip64 directory.")
    if count > max_members:
        raise ImportRefused(f"{what} must hold at most {max_members} {noun}, got {count:,}.")
    if directory > MAX_DIRECTORY_BYTES:
        raise ImportRefused(
            f"{what} must have a zip directory of at most {MAX_DIRECTORY_BYTES:,} bytes, got {directory:,}."
        )


def _begins(data):
    return repr(bytes(data[:12])).removeprefix("b") if data else "nothing: it is empty"


def _check_name(name, what):
    parts = name.split("/")
    if not name or name[0] == "/" or ".." in parts or any(character in name for character in "\\:\0"):
        raise ImportRefused(f'{what} must hold plain relative names, got "{shown(name)}".')


def _check_places(infos, end, what):
    """Members lie one behind the other, before the directory at `end`: none is unpacked twice under two names."""
    ordered = sorted(infos, key=lambda info: info.header_offset)
    for info, limit in zip(ordered, [*(info.header_offset for info in ordered), end][1:], strict=True):
        if info.header_offset + LOCAL_BYTES + len(info.orig_filename) + info.compress_size > limit:
            name = shown(info.filename)
            raise ImportRefused(f"{what} must hold each member for itself, but {name} overlaps another.")


def _check_packing(info, what, max_ratio):
    name = f"{shown(info.filename)} in {what}"
    if info.flag_bits & ENCRYPTED or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ImportRefused(f"{name} must be stored or deflated without a password, got another way of packing.")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise ImportRefused(f"{name} must be a file, got a link to another place.")
    if info.file_size > max_ratio * max(info.compress_size, 1):
        got = info.file_size // max(info.compress_size, 1)
        raise ImportRefused(f"{name} must unpack to at most {max_ratio:,} times its packed size, got {got:,} times.")
