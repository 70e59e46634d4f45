"""The one place that holds the version: the build reads it from here.

The core may not look it up in the installed metadata, since it imports no `importlib`.
"""

__version__ = "0.1.0"
