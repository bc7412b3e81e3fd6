"""`borderlight challenges`: what the generators promise, counted anew."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from borderlight_lab.evaluation.challenge_tables import challenge_rows, splice_rows


def challenges(
    min_correlation: Annotated[float, typer.Option(help="what challenge_match demands", min=0.1, max=0.99)] = 0.78,
    pairs: Annotated[int, typer.Option(help="pairs of schedules for the blind chance", min=1_000)] = 100_000,
    draws: Annotated[int, typer.Option(help="challenges answered from each library", min=10)] = 200,
) -> None:
    """Flashes, chance of a blind guess, and how well a cut recording fits, per generator."""
    console = Console() if Console().is_terminal else Console(width=150)
    guessed = Table(title=f"Blind video at a correlation of {min_correlation}", title_justify="left")
    for name in ("generator", "light [s]", "schedules", "chance", "95 % below", "pairs", "flashes/s (general, red)"):
        guessed.add_column(name)
    for row in challenge_rows(min_correlation, pairs):
        guessed.add_row(
            row["name"], row["light"], row["orders"], f"{row['probability']:.1e}", f"{row['upper']:.1e}",
            f"{row['pairs']:,}", f"{row['general']}, {row['red']}",
        )  # fmt: skip
    console.print(guessed)
    cut = Table(title="Recording cut into the answer, free of noise", title_justify="left")
    for name in ("generator", "colours held", "method", "share matched", "correlation", "misfit 5 %", "misfit 50 %"):
        cut.add_column(name)
    for found in splice_rows(min_correlation, draws):
        cut.add_row(
            found.generator, str(found.library), found.method, f"{found.passed:.3f}", f"{found.correlation:.3f}",
            f"{found.low_misfit:.4f}", f"{found.misfit:.4f}",
        )  # fmt: skip
    console.print(cut)


def register(app: typer.Typer) -> None:
    app.command()(challenges)
