"""Text files of unknown encoding, as numbered lines that can be put back."""

from __future__ import annotations

import codecs
import io
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from lepton.dataset.limits import Limits
from lepton.errors import RejectedUpload

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_HEAD = 1 << 16
_BLOCK = 1 << 20
# Bytes that Windows-1252 leaves undefined; Latin-1 gives every byte a character.
_UNDEFINED_1252 = bytes((0x81, 0x8D, 0x8F, 0x90, 0x9D))
_ORDINARY_CONTROLS = frozenset(b"\t\n\r\x0b\x0c\x1a\x1b")


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file and how to decode it. `mended`: UTF-8 but for a few lines, which decode to lone surrogates."""

    path: Path
    encoding: str
    mended: bool = False

    @contextmanager
    def lines(self, limits: Limits) -> Iterator[Lines]:
        """The numbered lines from the beginning."""
        with self._open() as stream:
            yield Lines(stream, limits.line_chars)

    def _open(self) -> TextIO:
        errors = "surrogateescape" if self.mended else "replace"
        return self.path.open("r", encoding=self.encoding, errors=errors, newline="")

    def sample(self, chars: int) -> list[str]:
        """Whole lines from the beginning, about so many characters of them (a last one cut by that is left out)."""
        with self._open() as stream:
            text = stream.read(chars)
        lines = list(io.StringIO(text, newline=""))
        return lines[:-1] if len(text) == chars and len(lines) > 1 else lines


class Lines:
    """An iterator over lines with their endings; `number` is that of the last line handed out, 1-based."""

    def __init__(self, stream: TextIO, limit: int) -> None:
        self._stream = stream
        self._limit = limit
        self._again: deque[str] = deque()
        self._taken: list[str] = []
        self.number = 0

    @classmethod
    def of(cls, lines: list[str]) -> Lines:
        """Of lines that are in memory already."""
        return cls(io.StringIO("".join(lines), newline=""), limit=1 << 30)

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._stream.readline(self._limit)
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) >= self._limit:
            raise RejectedUpload(
                f"line {self.number} is longer than {self._limit:,} characters",
                reason="line_too_long",
                pointer=f"line {self.number}",
                hint="is this a text file with one row a line?",
            )
        self._taken.append(line)
        return line

    def taken(self) -> list[str]:
        """The lines handed out since this was last asked."""
        lines, self._taken = self._taken, []
        return lines

    def position(self) -> int | None:
        """Where the stream goes on, for `go_to`; None while lines that were put back come first."""
        return None if self._again else self._stream.tell()

    def go_to(self, position: int, number: int) -> None:
        """Go on at a position that `position` gave when `number` lines were over."""
        self._again.clear()
        self._taken.clear()
        self._stream.seek(position)
        self.number = number

    def put_back(self, lines: list[str]) -> None:
        """Hand these out again, before all others."""
        self._again.extendleft(reversed(lines))
        self.number -= len(lines)


def is_storable(text: str) -> bool:
    """Whether every character can be kept as UTF-8 text: no NUL, no lone surrogate."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in text


def is_text(head: bytes) -> bool:
    """Whether a file that begins so is text in an encoding that we read."""
    if any(head.startswith(bom) for bom, _ in _BOMS) or _utf16_without_bom(head):
        return True
    controls = sum(1 for byte in head if byte < 0x20 and byte not in _ORDINARY_CONTROLS)
    return controls <= len(head) // 1000


def opened_as_text(path: Path) -> TextFile:
    """The file with its encoding: by byte order mark, else UTF-8, else UTF-16, else Windows-1252 or Latin-1.

    A file that is UTF-8 but for a few lines stays UTF-8, and those lines are the damaged ones.
    """
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
    for bom, encoding in _BOMS:
        if head.startswith(bom):
            return TextFile(path, encoding, mended=encoding == "utf-8-sig")
    if utf16 := _utf16_without_bom(head):
        return TextFile(path, utf16)
    if _is_utf8(path):
        return TextFile(path, "utf-8")
    return _eight_bit(path)


def _utf16_without_bom(head: bytes) -> str | None:
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = max(1, len(head) // 2)
    if len(head) >= 4 and odd > 0.4 * half and even < 0.1 * half:
        return "utf-16-le"
    if len(head) >= 4 and even > 0.4 * half and odd < 0.1 * half:
        return "utf-16-be"
    return None


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _eight_bit(path: Path) -> TextFile:
    good = bad = 0
    undefined = False
    with path.open("rb") as stream:
        while line := stream.readline(_BLOCK):
            if line.isascii():
                continue
            try:
                line.decode("utf-8")
                good += 1
            except UnicodeDecodeError:
                bad += 1
                undefined = undefined or any(byte in line for byte in _UNDEFINED_1252)
    if good > 4 * bad:
        return TextFile(path, "utf-8", mended=True)
    return TextFile(path, "latin-1" if undefined else "cp1252")
