"""Binary values out of an LDIF file (RFC 2849), as the ICAO public key directory gives its content away."""

import base64
import binascii
from collections.abc import Iterator

_WANTED = {
    "usercertificate": "certificate",
    "cacertificate": "certificate",
    "certificaterevocationlist": "list",
    "cscamasterlistdata": "master_list",
    "pkdmasterlistcontent": "master_list",
}


def looks_like_ldif(content: bytes) -> bool:
    """Whether the file begins as one."""
    head = content[:2_000].lstrip(b"\xef\xbb\xbf \r\n").lower()
    return head.startswith((b"version:", b"dn:", b"dn::", b"#")) and b"dn:" in head


def binary_values(content: bytes) -> Iterator[tuple[str, bytes | None]]:
    """(certificate, list or master_list; DER); None where the value is not base64. Other attributes are passed over."""
    line = b""
    for part in content.splitlines():
        if part[:1] == b" ":
            line += part[1:]
            continue
        yield from _value(line)
        line = part
    yield from _value(line)


def _value(line: bytes) -> Iterator[tuple[str, bytes | None]]:
    name, mark, text = line.partition(b"::")
    kind = _WANTED.get(name.split(b";")[0].strip().lower().decode("ascii", "replace")) if mark else None
    if kind is not None:
        try:
            yield kind, base64.b64decode(text.strip(), validate=True)
        except (binascii.Error, ValueError):
            yield kind, None
