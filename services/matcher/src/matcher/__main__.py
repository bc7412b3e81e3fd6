"""`python -m matcher`."""

import asyncio

from matcher.app import run_matcher


def main() -> None:
    asyncio.run(run_matcher())


if __name__ == "__main__":
    main()
