"""Which encodings and delimiters a source of text may have."""

from __future__ import annotations

import codecs

# Text codecs of Python that are no encodings of files, or that no spreadsheet writes and no line can be cut by.
_NO_FILES = {"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape", "mbcs", "oem", "utf-7"}
_PLAIN = "".join(map(chr, range(32, 126))).replace("\\", "").replace("~", "") + "\r\n\t"


def is_text_encoding(name: str) -> bool:
    """Whether a name is an encoding of text whose ASCII letters and line ends are those of ASCII, or one of 16 or 32 bits."""
    try:
        found = codecs.lookup(name).name.replace("_", "-")
        text = codecs.decode(b"", found)
        keeps = _PLAIN.encode(found).removeprefix(codecs.BOM_UTF8) == _PLAIN.encode()
    except (LookupError, ValueError, TypeError):
        return False
    return isinstance(text, str) and found not in _NO_FILES and (keeps or found.startswith(("utf-16", "utf-32")))


def is_delimiter(mark: str) -> bool:
    """Whether a text can stand between the cells of CSV: one character of ASCII that is no letter, digit, quote or line end."""
    return len(mark) == 1 and mark.isascii() and not mark.isalnum() and mark not in '"\r\n\0'
