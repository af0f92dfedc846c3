"""Bodies of multipart/form-data."""

from __future__ import annotations

from email.parser import BytesParser
from email.policy import HTTP


def parts_of(content_type: str, body: bytes) -> dict[str, tuple[str, bytes]]:
    """File name and content of each part, by the part's name.

    Raises:
        ValueError: it is no such body.
    """
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1", "replace")
    message = BytesParser(policy=HTTP).parsebytes(head + body)
    if not message.is_multipart():
        raise ValueError("The body is not multipart/form-data")
    parts = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            parts[name] = (part.get_filename() or "", content)
    return parts
