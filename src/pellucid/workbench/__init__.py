"""The workbench: a page in the browser where a network learns before your eyes."""
