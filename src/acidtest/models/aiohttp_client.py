"""Posts to one address through aiohttp: TLS, proxies."""

import asyncio
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from acidtest.models.content_coding import unpacked
from acidtest.models.failure import LARGEST_BODY, AttemptError, HttpReply, readable

if TYPE_CHECKING:
    import aiohttp

_NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "RECORD_LAYER_FAILURE"})
"""OpenSSL's words for an answer that is no TLS at all."""


class AiohttpClient:
    """Posts bodies to one address. Failures are `AttemptError`; a status is not judged here.

    Args:
        url: `https://...` or `http://...`.
        headers: Sent with each call.
        timeout: Seconds for one call, connecting included.
        connections: Most connections at once.
    """

    def __init__(self, url: str, headers: Mapping[str, str], *, timeout: float, connections: int) -> None:
        self._url, self._headers, self._timeout, self._connections = url, dict(headers), timeout, connections
        self._session: aiohttp.ClientSession | None = None

    async def post(self, body: bytes) -> HttpReply:
        """Send one body and return what came back."""
        import aiohttp

        session = self._session or self._start()
        try:
            async with session.post(self._url, data=body, allow_redirects=False) as response:
                content = await _bounded(response)
                headers = {name.lower(): value for name, value in response.headers.items()}
                return unpacked(HttpReply(response.status, headers, content))
        except TimeoutError:
            raise AttemptError(f"no answer within {self._timeout:g} seconds", paid=True) from None
        except aiohttp.ClientSSLError as error:
            raise tls_failure(error) from None
        except aiohttp.ClientConnectorError as error:
            raise AttemptError(f"no connection: {error.strerror or error}", unreachable=True) from None
        except (aiohttp.InvalidURL, ValueError) as error:
            raise AttemptError(f"the address or a header is wrong: {error}", retry=False, unreachable=True) from None
        except aiohttp.ClientResponseError:
            raise AttemptError("what came back is not HTTP", paid=True) from None
        except (aiohttp.ClientError, OSError) as error:
            what = f"the connection broke before the answer was whole ({type(error).__name__})"
            raise AttemptError(what, paid=True) from None

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None
            await asyncio.sleep(0)  # the loop closes sockets in its next round

    def _start(self) -> "aiohttp.ClientSession":
        import aiohttp

        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._connections),
            timeout=aiohttp.ClientTimeout(total=self._timeout),
            headers=self._headers,
            auto_decompress=False,
            trust_env=any(name.lower().endswith("_proxy") for name in os.environ),  # else it reads files for each call
        )
        return self._session


def tls_failure(error: "aiohttp.ClientSSLError") -> AttemptError:
    """Return what a connection that could not be made safe means to the user."""
    import ssl

    import aiohttp

    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        cause = error.certificate_error
        why = cause.verify_message if isinstance(cause, ssl.SSLCertVerificationError) else str(cause)
        way_out = (
            "Check 'base_url'. Where the server is yours, let the environment variable SSL_CERT_FILE name a file with "
            "its certificate."
        )
        return AttemptError(
            f"the server's certificate is not trusted: {readable(why)}", retry=False, unreachable=True, way_out=way_out
        )
    cause = error.os_error
    never = isinstance(cause, ssl.SSLError) and cause.reason in _NO_TLS
    way_out = "Check 'base_url': the address of a server without TLS begins with http://."
    what = "no safe connection: the server does not speak TLS as it should"
    return AttemptError(what, retry=not never, unreachable=True, way_out=way_out)


async def _bounded(response: "aiohttp.ClientResponse") -> bytes:
    content = bytearray()
    async for chunk in response.content.iter_any():
        content += chunk
        if len(content) > LARGEST_BODY:
            raise AttemptError(f"the answer is larger than {LARGEST_BODY >> 20} MB", retry=False, paid=True)
    return bytes(content)
