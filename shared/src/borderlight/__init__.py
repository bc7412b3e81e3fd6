"""What the Borderlight services share: contracts with the challenge, the runtime, vision."""

import os

VERSION = "0.1.0"

# One process is one worker: numerical libraries must not start threads of their own beside it, which costs twice the
# CPU for these small arrays. It has to be said before numpy is imported anywhere.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
