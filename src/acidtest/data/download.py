"""A file from an address."""

import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from acidtest.data.kept_file import ByteProgress, chunks, kept_file
from acidtest.errors import FetchError

ATTEMPTS = 3
PAUSE = 1.0
"""Seconds before the second attempt; twice as many before the third."""

_TIMEOUT = 60.0
_HOPELESS = range(400, 500)
_PASSING = (408, 425, 429)


class _TransientError(Exception):
    """It may work in a moment."""


def download(
    address: str,
    target: Path,
    *,
    sha256: str | None,
    limit: int,
    size: int | None = None,
    progress: ByteProgress | None = None,
    pin: Path | None = None,
) -> None:
    """Bring a file from an address to its place, checked; try again where the failure may pass.

    Args:
        address: Begins with `https://` or `http://`.
        target: Where the file will stand.
        sha256: What its SHA-256 must be; None: anything.
        limit: Most bytes.
        size: Bytes that it should have, where that is known.
        progress: Told after every chunk.
        pin: Where the SHA-256 is written down.

    Raises:
        FetchError: The address cannot be reached, has no such file, or gives another or only half of it.
    """
    if not address.startswith(("https://", "http://")):
        raise FetchError("not an address of the web", where=address, way_out="It begins with https://.")
    for attempt in range(ATTEMPTS):
        try:
            with _answer(address) as answer:
                announced = answer.headers.get("Content-Length")
                total = int(announced) if announced and announced.isdecimal() else size
                with kept_file(target, sha256=sha256, limit=limit, total=total, progress=progress, pin=pin) as out:
                    for chunk in chunks(answer.read):
                        out.write(chunk)
                    if total is not None and out.size < total:
                        raise _TransientError(f"the connection broke after {out.size:,} of {total:,} bytes")  # noqa: TRY301 - said where it is known
        except _TransientError as error:
            if attempt == ATTEMPTS - 1:
                raise FetchError(f"{error}, {ATTEMPTS} times", where=address) from error
            time.sleep(PAUSE * 2**attempt)
        else:
            return


@contextmanager
def _answer(address: str) -> Iterator[http.client.HTTPResponse]:
    """Open an address; tell failures that may pass from those that will not."""
    request = urllib.request.Request(address, headers={"User-Agent": "acidtest"})  # noqa: S310 - scheme is checked
    try:
        with urllib.request.build_opener(_NoDowngrade).open(request, timeout=_TIMEOUT) as answer:
            yield answer
    except urllib.error.HTTPError as error:
        error.close()
        message = f"the server answers {error.code} {error.reason}"
        if error.code in _HOPELESS and error.code not in _PASSING:
            raise FetchError(message, where=address) from error
        raise _TransientError(message) from error
    except urllib.error.URLError as error:
        raise _TransientError(f"no connection: {error.reason}") from error
    except (http.client.HTTPException, TimeoutError, ConnectionError) as error:
        raise _TransientError(f"the connection broke: {str(error) or type(error).__name__}") from error


class _NoDowngrade(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but never from https to anything less."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        if req.full_url.startswith("https://") and not newurl.startswith("https://"):
            raise FetchError("the server sends us on to an address without TLS", where=newurl[:200])
        return super().redirect_request(req, fp, code, msg, headers, newurl)
