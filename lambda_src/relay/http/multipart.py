"""Forms in multipart/form-data, read in one pass and within limits, whatever a stranger sends.

https://www.rfc-editor.org/rfc/rfc7578, and its limits as Werkzeug and python-multipart have them (`max_form_parts`,
`max_header_size`). What the RFC deprecates is refused: a form inside a part (4.3) and encoded parts (4.7).
"""

import re

MAX_HEADER_SIZE = 8192
"""Bytes of all headers of one part."""

# The first line is the boundary, so that no header, which nobody signs, decides where a part ends (RFC 2046, 5.1.1).
_DELIMITER = re.compile(rb"--[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
_HEADER = re.compile(r"([A-Za-z0-9-]+):([^\r\n]*)")
_DISPOSITION = re.compile(
    r'form-data; ?name=(?:"([^"\\]*)"|([^\s";\\]+))(?:; ?filename\*?=(?:"[^"]*"|[^\s";]+)){0,2}', re.IGNORECASE
)
_NOT_ENCODED = ("", "7bit", "8bit", "binary")


def parse(body: bytes, max_fields: int) -> dict[str, list[str]]:
    """Return the values of each field, in order; a file is a field too, if it is UTF-8.

    Raise ValueError, which says what is wrong, if `body` is not such a form, or has more than `max_fields` fields.
    """
    delimiter = body.partition(b"\r\n")[0]
    if not _DELIMITER.fullmatch(delimiter):
        raise ValueError("it does not begin with a boundary")
    before, *parts = (b"\r\n" + body).split(b"\r\n" + delimiter, max_fields + 2)
    if len(parts) > max_fields + 1:
        raise ValueError(f"it has more than {max_fields} fields")
    if before or not parts or parts.pop() not in {b"--", b"--\r\n"}:
        raise ValueError("it does not end with its boundary")
    fields: dict[str, list[str]] = {}
    for part in parts:
        name, value = _field(part)
        fields.setdefault(name, []).append(value)
    return fields


def _field(part: bytes) -> tuple[str, str]:
    end = part.find(b"\r\n\r\n", 0, MAX_HEADER_SIZE + 6)
    if not part.startswith(b"\r\n") or end < 0:
        raise ValueError(f"a part has no headers, or more than {MAX_HEADER_SIZE} bytes of them")
    try:
        head, value = part[2:end].decode(), part[end + 4 :].decode()
    except UnicodeDecodeError as error:
        raise ValueError("a part is not UTF-8") from error
    headers = _headers(head)
    if headers.get("content-type", "").lower().startswith(("multipart/", "message/")):
        raise ValueError("a part has parts of its own")
    if headers.get("content-transfer-encoding", "").lower() not in _NOT_ENCODED:
        raise ValueError("a part is encoded")
    disposition = _DISPOSITION.fullmatch(headers.get("content-disposition", ""))
    if not disposition:
        raise ValueError("a part has no name")
    return disposition[1] or disposition[2] or "", value


def _headers(head: str) -> dict[str, str]:
    lines = [_HEADER.fullmatch(line) for line in head.split("\r\n") if head]
    headers = {line[1].lower(): line[2].strip(" \t") for line in lines if line}
    if len(headers) < len(lines):
        raise ValueError("a part has a header twice, or a line that is none")
    return headers
