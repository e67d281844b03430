"""Model files: data only. Loading one runs no code, and checks everything."""

from pellucid.storage.model_file import load, save

__all__ = ["load", "save"]
