"""`python -m capture_ingest api` or `python -m capture_ingest normalizer`."""

import asyncio
import sys

from capture_ingest.app import run_api, run_normalizer

PROCESSES = {"api": run_api, "normalizer": run_normalizer}


def main() -> None:
    if len(sys.argv) != 2 or sys.argv[1] not in PROCESSES:
        sys.exit("usage: python -m capture_ingest api|normalizer")
    asyncio.run(PROCESSES[sys.argv[1]]())


if __name__ == "__main__":
    main()
