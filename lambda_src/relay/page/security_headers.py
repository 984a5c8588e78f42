"""The headers with which every answer of the customer's page is sent."""

from collections.abc import Mapping

from relay.config.customer_page import Page


def security_headers(page: Page) -> Mapping[str, str]:
    """Return the headers: what the browser may load, run, remember and tell others.

    https://developer.mozilla.org/en-US/docs/Web/HTTP/Guides/CSP
    """
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "connect-src": "'self'",
        "img-src": f"'self' {page.logo_origin}".strip(),
        "frame-ancestors": " ".join(page.frame_ancestors) or "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        # Answers have tokens and a customer's data; the files are small, and always those of this version.
        "Cache-Control": "no-store",
        "Strict-Transport-Security": "max-age=63072000",
    }
