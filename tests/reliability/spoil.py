"""Good files with a few changes of the kinds that parsers stumble over. `chance` is a random.Random everywhere."""

import json
import zipfile

from tests.reliability.containers import pack, unpack

EXTREMES = (0, 1, -1, 2**7, 2**8 - 1, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1)
PIECES = (b"\0", b"\xff" * 8, b'"', b"{" * 40, b",", b"\n", b"-1e999", b"NaN", b"=1+1")
VALUES = (None, True, False, 0, -1, 1, 2, 0.5, -0.0, 10**9, 2**63, 10**30, 1e308, float("nan"), float("inf"), "", "a",
          "\u202e", "\ud800", "x" * 2000, [], {}, [[]], [1] * 2000, {"a": {}}, "mnist", "digits")  # fmt: skip


def spoil(chance, kind, data, others):
    """A spoiled `data`: more often in its pieces, with checksums that are right, than from outside."""
    if chance.random() < 0.25:
        return spoil_bytes(chance, data, others)
    pieces = unpack(kind, data)
    for _ in range(chance.choice((1, 1, 2, 3))):
        path = chance.choice(list(pieces))
        pieces[path] = spoil_piece(chance, path, pieces[path], others)
    members = sorted({path.partition("#")[0] for path in pieces})
    if len(members) > 1 and chance.random() < 0.05:
        gone = chance.choice(members)
        pieces = {path: piece for path, piece in pieces.items() if path.partition("#")[0] != gone}
    return pack(kind, pieces, chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)), fit=chance.random() < 0.6)


def spoil_piece(chance, path, piece, others):
    """A spoiled piece: JSON as JSON, headers by a character, anything by bytes."""
    way = chance.random()
    if path.endswith("json") and way < 0.7:
        return spoil_json(chance, piece)
    if path.endswith("#header") and way < 0.8:
        return spoil_text(chance, piece)
    return spoil_bytes(chance, piece, others)


def spoil_text(chance, text):
    """One character, or the number it stands in, becomes another."""
    text = bytearray(text)
    places = [i for i, byte in enumerate(text) if byte not in b" \n"] or [0]
    at = chance.choice(places)
    digits = [i for i in places if text[i] in b"0123456789"]
    if digits and chance.random() < 0.6:
        at = chance.choice(digits)
        text[at : at + 1] = chance.choice((b"0", b"1", b"3", b"7", b"9", b"16", b"128", b"4294967296", b"-1", b""))
    else:
        text[at : at + 1] = bytes([chance.randrange(32, 127)])
    return bytes(text)


def spoil_json(chance, text):
    """One value somewhere becomes another, or goes, or comes twice; text that is no JSON stays."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return json.dumps(_changed(chance, value)).encode()


def _changed(chance, value):
    if isinstance(value, str) and value.startswith("{"):
        return spoil_json(chance, value.encode()).decode()
    if not isinstance(value, dict | list) or not value or chance.random() < 0.1:
        return chance.choice(VALUES)
    keys = list(value) if isinstance(value, dict) else range(len(value))
    key = chance.choice(list(keys))
    changed = type(value)(value)
    if chance.random() < 0.1:
        del changed[key]
    elif chance.random() < 0.1 and isinstance(changed, dict):
        changed[chance.choice(("", "x" * 500, "\u202e", "__metadata__", key + " "))] = changed[key]
    else:
        changed[key] = _changed(chance, value[key])
    return changed


def spoil_bytes(chance, data, others):
    """Flipped bits, extreme numbers, gaps, repetitions, pieces of other files, noise."""
    data = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 4, 16))):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(7):
            case 0 if at < len(data):
                data[at] ^= 1 << chance.randrange(8)
            case 1:
                size = chance.choice((1, 2, 4, 8))
                value = chance.choice(EXTREMES) % 2 ** (8 * size)
                data[at : at + size] = value.to_bytes(size, chance.choice(("little", "big")))
            case 2:
                del data[at : at + chance.choice((1, 4, 100, len(data)))]
            case 3:
                piece = data[at : at + chance.choice((1, 8, 64, 512))]
                data[at:at] = piece * chance.choice((1, 2, 50))
            case 4:
                other = others[chance.randrange(len(others))]
                start = chance.randrange(len(other))
                data[at : at + 64] = other[start : start + 64]
            case 5:
                data[at:at] = chance.choice(PIECES)
            case _:
                data[at : at + 16] = chance.randbytes(16)
    return bytes(data)
