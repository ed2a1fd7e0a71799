r"""How does text with odd bytes get into canonical JSON, and back out unchanged?

Header fields and request targets are bytes; the HTTP layer hands them over as text in
which each byte that is not UTF-8 is a lone surrogate (PEP 383, `surrogateescape`). JSON
can not carry those. So a backslash becomes `\\`, such a byte becomes `\xNN`, any other
lone surrogate becomes `\uNNNN`; everything else stays as it is and can be read.
"""

import re

_ODD = re.compile("[\\\\\ud800-\udfff]")
_ESCAPE = re.compile(r"\\(?:\\|x([89a-f][0-9a-f])|u(d[89a-f][0-9a-f]{2}))")


def escape(text: str) -> str:
    """Return `text` without lone surrogates; `unescape` gives the text back."""
    return _ODD.sub(_escaped, text) if "\\" in text or not text.isascii() else text


def unescape(text: str) -> str:
    """Return what `escape` was given."""
    return _ESCAPE.sub(_original, text) if "\\" in text else text


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code == 0x5C:
        return "\\\\"
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"


def _original(match: re.Match[str]) -> str:
    if match[1]:
        return chr(0xDC00 + int(match[1], 16))
    return chr(int(match[2], 16)) if match[2] else "\\"
