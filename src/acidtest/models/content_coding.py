"""Answers that come compressed although nobody asked for it: unpacked within bounds."""

import zlib

from acidtest.models.failure import LARGEST_BODY, AttemptError, HttpReply

_WINDOW = {"gzip": 31, "x-gzip": 31, "deflate": 15}
_PLAIN = ("", "identity")


def unpacked(reply: HttpReply) -> HttpReply:
    """Return a reply with its body as it was before it was compressed.

    Raises:
        AttemptError: It is compressed in a way that we cannot read, torn, or larger than any honest answer.
    """
    coding = reply.headers.get("content-encoding", "").strip().lower()
    if coding in _PLAIN:
        return reply
    if coding not in _WINDOW:
        what = f"the answer is compressed ('{coding[:20]}'), which was not asked for"
        raise AttemptError(what, retry=False, paid=True, way_out="Have the server or proxy send plain answers.")
    packed = zlib.decompressobj(_WINDOW[coding])
    try:
        body = packed.decompress(reply.body, LARGEST_BODY + 1)
    except zlib.error:
        raise AttemptError(f"the answer is not what its compression ('{coding}') says", paid=True) from None
    if len(body) > LARGEST_BODY:
        raise AttemptError(f"the answer is larger than {LARGEST_BODY >> 20} MB", retry=False, paid=True)
    if not packed.eof:
        raise AttemptError("the answer is not whole", paid=True)
    return reply._replace(body=body)
