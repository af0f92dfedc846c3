"""The dashboard: `app` is what `make dashboard` opens; `formats` and `words` write numbers and codes for people."""
