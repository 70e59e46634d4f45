"""The programs around the library: HTTP service, command line, background settling, demo."""
