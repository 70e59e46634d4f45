"""What starts the library from outside: the HTTP service, the command line, and their wiring."""
