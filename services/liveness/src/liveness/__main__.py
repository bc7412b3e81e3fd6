"""`python -m liveness`."""

import asyncio

from liveness.app import run_liveness


def main() -> None:
    asyncio.run(run_liveness())


if __name__ == "__main__":
    main()
