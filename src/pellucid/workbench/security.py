"""Who may talk to the server: pages that it served itself, by whoever has its token."""

import hmac
import secrets
from collections.abc import Mapping
from urllib.parse import urlsplit

__all__ = ["HEADERS", "is_own_host", "is_own_origin", "new_token", "same_token"]

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
"""Of every answer: nothing from elsewhere is loaded, no other page frames this one."""

LOCAL_NAMES = ("127.0.0.1", "localhost")


def new_token() -> str:
    """Return a random token for a URL.

    Examples
    --------
    >>> len(new_token()) >= 32
    True
    """
    return secrets.token_urlsafe(24)


def same_token(given: str, token: str) -> bool:
    """Compare two tokens in a time that tells nothing."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), token.encode())


def is_own_host(host: str | None, port: int) -> bool:
    """Tell whether a request's Host is this server: a foreign name that resolves here (DNS rebinding) is not.

    Examples
    --------
    >>> is_own_host("127.0.0.1:80", 80), is_own_host("localhost:80", 80), is_own_host("evil.example:80", 80)
    (True, True, False)
    """
    return host in {f"{name}:{port}" for name in LOCAL_NAMES} or (port == 80 and host in LOCAL_NAMES)


def is_own_origin(origin: str | None, port: int) -> bool:
    """Tell whether a request comes from a page of this server.

    Examples
    --------
    >>> is_own_origin("http://127.0.0.1:80", 80), is_own_origin("http://evil.example", 80), is_own_origin(None, 80)
    (True, False, False)
    """
    if origin is None:
        return False
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme == "http" and is_own_host(parts.netloc, port)
