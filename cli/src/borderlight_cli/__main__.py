"""`python -m borderlight_cli`."""

from borderlight_cli.main import run

if __name__ == "__main__":
    run()
