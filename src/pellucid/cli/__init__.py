"""The command line: ``pellucid COMMAND …``."""

from pellucid.cli.app import main

__all__ = ["main"]
