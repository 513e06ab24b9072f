"""Which proxy the environment names for an address; nothing else of the environment is read (no `.netrc`)."""

import os
from urllib.parse import urlsplit

from acidtest.models.failure import AttemptError

_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
_SPOKEN = ("http", "https")


def proxy_for(url: str) -> str:
    """Return the address of the proxy for calls to `url`, empty where they go there directly.

    `http_proxy` or `https_proxy` (the scheme of `url`), else `all_proxy`, in small or capital letters; none for
    hosts in `no_proxy`, and none for this machine.

    Raises:
        AttemptError: The proxy does not speak HTTP. Calls must not go past it unasked.

    Example:
        >>> proxy_for("http://127.0.0.1:8000/v1")
        ''
    """
    parts = urlsplit(url)
    if parts.hostname in _THIS_MACHINE or not any(name.lower().endswith("_proxy") for name in os.environ):
        return ""
    from urllib.request import getproxies_environment, proxy_bypass_environment  # type: ignore[attr-defined]  # untold

    proxies = getproxies_environment()
    if proxy_bypass_environment(parts.netloc, proxies):
        return ""
    named = parts.scheme if proxies.get(parts.scheme) else "all"
    proxy = proxies.get(named, "")
    if proxy and "://" not in proxy:
        proxy = f"http://{proxy}"
    if proxy and urlsplit(proxy).scheme.lower() not in _SPOKEN:
        way_out = f"Set {parts.scheme}_proxy to one that speaks HTTP, or put the host into no_proxy."
        what = f"the proxy that {named}_proxy names does not speak HTTP"
        raise AttemptError(what, retry=False, unreachable=True, way_out=way_out)
    return proxy
