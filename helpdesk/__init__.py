"""The rules of the desk: plain functions that doors call. No request, no session, no current user in here."""
