"""Posts to one address through aiohttp: TLS, proxies."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

from acidtest.models.content_coding import unpacked
from acidtest.models.failure import LARGEST_BODY, AttemptError, HttpReply, readable
from acidtest.models.proxy import proxy_for

if TYPE_CHECKING:
    import aiohttp

_FINAL = 200
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
            async with session.post(self._url, data=body, headers=self._headers, allow_redirects=False) as response:
                content = await _bounded(response)
                headers = {name.lower(): value for name, value in response.headers.items()}
                if response.status < _FINAL:
                    raise AttemptError("what came back is not HTTP", paid=True)
                return unpacked(HttpReply(response.status, headers, content))
        except TimeoutError:
            raise AttemptError(f"no answer within {self._timeout:g} seconds", paid=True) from None
        except aiohttp.ClientSSLError as error:
            raise tls_failure(error) from None
        except aiohttp.ClientConnectorError as error:
            raise AttemptError(f"no connection: {error.strerror or error}", unreachable=True) from None
        except (aiohttp.InvalidURL, ValueError):  # its words would show the address's query
            raise AttemptError("the address or a header is wrong", retry=False, unreachable=True) from None
        except aiohttp.ClientHttpProxyError as error:
            raise proxy_failure(error) from None
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
            cookie_jar=aiohttp.DummyCookieJar(),
            proxy=proxy_for(self._url) or None,  # beside no headers: a session's own go to the proxy, the key with them
            timeout=aiohttp.ClientTimeout(total=self._timeout),
            auto_decompress=False,
        )
        return self._session


def proxy_failure(error: "aiohttp.ClientHttpProxyError") -> AttemptError:
    """Return what it means that a proxy let nothing through."""
    return AttemptError(
        f"the proxy answered {error.status}" + (f": {said}" if (said := readable(error.message)) else ""),
        retry=error.status >= 500,  # noqa: PLR2004 - what may pass
        unreachable=True,
        way_out="Check the environment variables https_proxy and no_proxy, and the name and password in them.",
    )


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
