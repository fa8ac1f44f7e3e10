"""The headers that every answer carries, a page's and the server's own."""

from __future__ import annotations

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    # A stricter policy hides the referrer from our own https forms, which Flask-WTF then refuses.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
#: The content policy of an answer that is no page.
BARE_POLICY = "default-src 'none'; frame-ancestors 'none'"
