"""`python -m retention`"""

import asyncio
import sys

from borderlight.errors import BorderlightError
from retention.app import run_retention

if __name__ == "__main__":
    try:
        asyncio.run(run_retention())
    except BorderlightError as error:
        sys.exit(f"retention: {error}")
