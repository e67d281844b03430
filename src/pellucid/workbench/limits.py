"""How much of everything one page may ask for."""

__all__ = [
    "GRACE_SECONDS",
    "MESSAGE_BYTES",
    "MOST_ADDED",
    "MOST_BATCH",
    "MOST_CLASSES",
    "MOST_COLUMNS",
    "MOST_EPOCHS",
    "MOST_EVALUATED",
    "MOST_EVENTS",
    "MOST_EXPLAINED",
    "MOST_FEATURES",
    "MOST_GIVEN_WIDTH",
    "MOST_KEPT",
    "MOST_LAYERS",
    "MOST_LEVELS",
    "MOST_MAPS",
    "MOST_MEMBERS",
    "MOST_OF_WALL",
    "MOST_PARAMETERS",
    "MOST_POINTS",
    "MOST_REMOVED",
    "MOST_RESOLUTION",
    "MOST_ROWS",
    "MOST_SESSIONS",
    "MOST_SHOWN",
    "MOST_UNDO",
    "MOST_WALL",
    "MOST_WIDTH",
    "SESSION_BYTES",
    "TEXT",
    "TEXT_BYTES",
    "UPLOAD_BYTES",
]

MOST_LAYERS = 12
MOST_WIDTH = 64
MOST_GIVEN_WIDTH = 1024
"""Neurons of a layer of an estimator's network."""
MOST_PARAMETERS = 1_000_000
"""Weights, biases and all else that an estimator's network learns."""
MOST_POINTS = 10_000
"""Rows that a generated source makes."""
MOST_ROWS = 50_000
"""Rows of a table."""
MOST_COLUMNS = 200
MOST_LEVELS = 20
"""Levels of a category that become inputs."""
MOST_MEMBERS = 64
"""Members of an estimator's network that share weights."""
MOST_SHOWN = 2_000
"""Rows that are drawn as points."""
MOST_EVALUATED = 4_000
"""Training rows that a frame's loss, score and gradients are of."""
MOST_ADDED = 2_000
MOST_REMOVED = 10_000
MOST_FEATURES = 300
MOST_BATCH = 100_000
MOST_EPOCHS = 2**40
MOST_CLASSES = 20
MOST_MAPS = 800
MOST_RESOLUTION = 200
MOST_EXPLAINED = 64
"""Rows of an explained step."""
MOST_WALL = 200
MOST_OF_WALL = 20_000_000
"""Numbers that all networks of a wall learn together."""
MOST_KEPT = 24
"""Runs kept for comparison."""
MOST_SESSIONS = 24
MOST_UNDO = 200
MOST_EVENTS = 2_000
"""Live changes that the scrubber can go back through."""
TEXT = 300
"""Letters of a name."""
UPLOAD_BYTES = 32 << 20
SESSION_BYTES = UPLOAD_BYTES + (1 << 20)
"""A session file has its table within it."""
MESSAGE_BYTES = SESSION_BYTES + (1 << 20)
TEXT_BYTES = 4 << 20
GRACE_SECONDS = 30.0
"""How long a run outlives its page."""
