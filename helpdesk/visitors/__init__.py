"""The public form behind the page: security code, requests not confirmed yet, how customers sign in.
It may import tickets and what stands before them.
No page and no form field: those are `public/`.
"""
