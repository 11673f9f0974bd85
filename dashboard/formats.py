"""Numbers as people read them, and what people typed as others may see it; the same everywhere."""

import re

MARKUP = re.compile(r"([!-/:-@\[-`{-~])")  # all ASCII punctuation: what Markdown allows a backslash before
LIVE = re.compile(r"([\\\[\]<`$*&])")  # what makes links, pictures, formulas, code
BARE = re.compile(  # what makes a link of an address, a colour or an icon of a word, unless it is interrupted
    r"www(?=\.)|http(?=s?://)|@(?=[\w-]+\.)|:(?=[a-z])", re.IGNORECASE
)
LINKED = re.compile(r"www(?=\\\.)|:(?=\\/)|:(?=[a-z])|@", re.IGNORECASE)  # the same, where all is escaped
MINUTE, HOUR = 60, 3600
SIZES = (("GB", 1e9), ("MB", 1e6), ("kB", 1e3))


def percent(fraction: float | None) -> str:
    """0.9712 -> 97.12 %"""
    return "–" if fraction is None else f"{100 * fraction:.2f} %"


def loss(value: float | None) -> str:
    """Three significant digits: 0.01234 -> 0.0123"""
    return "–" if value is None else f"{value:#.3g}".rstrip(".")


def count(value: int) -> str:
    """89610 -> 89,610"""
    return f"{value:,}"


def duration(seconds: float | None) -> str:
    """0.41 s, 12 s, 2 min 5 s, 1 h 20 min."""
    if seconds is None:
        return "–"
    if seconds < 9.95:
        return f"{seconds:.2f} s" if seconds < 1 else f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min {whole % MINUTE} s" if whole % MINUTE else f"{whole // MINUTE} min"
    return f"{whole // HOUR} h {whole % HOUR // MINUTE} min" if whole % HOUR >= MINUTE else f"{whole // HOUR} h"


def size(number: float) -> str:
    """12345678 -> 12.3 MB"""
    for unit, factor in SIZES:
        if number >= factor:
            amount = number / factor
            return (f"{amount:#.3g}".rstrip(".") if amount < 1000 else f"{amount:,.0f}") + f" {unit}"
    return f"{number:.0f} B"


def clean(text: str, *, lines: bool = False) -> str:
    """What somebody typed as one line, or as several: without what is not printable, right-to-left marks among it."""
    text = text.replace("\r\n", "\n")
    if not (text.replace("\n", "") if lines else text).isprintable():
        kept = (c if c.isprintable() or (lines and c == "\n") else " " * c.isspace() for c in text)
        text = "".join(kept)
    return text.strip() if lines else " ".join(text.split())


def plain(text: str) -> str:
    """A name that somebody typed, for use inside Markdown: shown as it is, whatever it says."""
    return LINKED.sub("\\g<0>\u2060", MARKUP.sub(r"\\\1", text))


def inert(text: str) -> str:
    """A sentence that may quote what came from outside, as Markdown of which no link, picture or formula comes."""
    return BARE.sub("\\g<0>\u2060", LIVE.sub(r"\\\1", text))
