"""Which build of HQ this is."""

from importlib.metadata import PackageNotFoundError, version

try:
    VERSION = version("kedai")
except PackageNotFoundError:  # a checkout that was never installed
    VERSION = "0"
