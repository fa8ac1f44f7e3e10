"""Files on disk and their rows: the store, uploads that wait for a form, attachments, the logo, what a file is.
It may import access, links and what stands before them.
No download: the doors hand files out.
"""
