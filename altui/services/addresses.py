"""What an address is, and what stands between it and this host."""

from ipaddress import ip_address
from urllib.parse import urlsplit


def is_address(url: str) -> bool:
    """Whether it can be asked over HTTP."""
    import httpx

    try:
        parts = httpx.URL(url)
    except (httpx.InvalidURL, UnicodeError):
        return False
    return parts.scheme in {"http", "https"} and bool(parts.host)


def is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def through(base: str) -> str:
    """The environment's proxy that stood between, by its address: it may be what is down."""
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(base)
    proxy = getproxies().get(parts.scheme)
    if not proxy or is_loopback(base) or proxy_bypass(parts.hostname or ""):
        return ""
    return f" through the proxy {proxy.rsplit('@', 1)[-1]}"  # it may hold a password
