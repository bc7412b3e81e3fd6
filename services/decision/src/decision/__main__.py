"""`python -m decision`."""

import asyncio

from decision.app import run_decision


def main() -> None:
    asyncio.run(run_decision())


if __name__ == "__main__":
    main()
