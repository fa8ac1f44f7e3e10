"""Signing in with the organisation's own account (OpenID Connect): providers, who comes by them, what is linked (E14).
It may import two_factor, people, notifications, journal and what stands before them.
Not the protocol, which is `helpdesk/lib/openid.py`; what a browser keeps of a sign-in is `web/provider_ways.py`.
"""
