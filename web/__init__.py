"""What every request goes through, whichever door it takes: safety, errors, files, what templates may say."""
