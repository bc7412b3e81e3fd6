"""Curves of scores: DET, ROC and histograms, as SVG for a page."""

import io
from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

mpl.use("agg")
mpl.rcParams["svg.hashsalt"] = "borderlight"  # equal figures, equal bytes
mpl.rcParams["font.family"] = "sans-serif"


def error_rates(honest: Sequence[float], attack: Sequence[float]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(thresholds, share of attacks at or above, share of honest below); scores: higher is more bona fide."""
    thresholds = np.unique(np.concatenate([honest, attack, [max(*honest, *attack) + 1e-9]]))
    accepted = np.array([float(np.mean(np.asarray(attack) >= t)) for t in thresholds])
    missed = np.array([float(np.mean(np.asarray(honest) < t)) for t in thresholds])
    return thresholds, accepted, missed


def _svg(figure: Figure) -> str:
    target = io.StringIO()
    figure.savefig(target, format="svg", metadata={"Date": None})
    text = target.getvalue()
    return text[text.index("<svg") :]


def det_curve(honest: Sequence[float], attack: Sequence[float], title: str, labels: tuple[str, str]) -> str:
    """Detection error trade-off on probit-like axes (symmetric log), as SVG."""
    _, accepted, missed = error_rates(honest, attack)
    figure = Figure(figsize=(4.6, 4.2), layout="constrained")
    axes = figure.subplots()
    floor = 0.5 / max(len(honest), len(attack))
    axes.step(np.maximum(accepted, floor), np.maximum(missed, floor), where="post", color="#1d4f91", linewidth=1.8)
    if max(attack) < min(honest):
        axes.text(0.5, 0.5, "the two do not overlap:\nno error to trade", ha="center", transform=axes.transAxes)
    axes.set(xscale="log", yscale="log", xlim=(floor, 1.05), ylim=(floor, 1.05), title=title)
    axes.set_xlabel(f"{labels[0]} (n = {len(attack)})")
    axes.set_ylabel(f"{labels[1]} (n = {len(honest)})")
    axes.grid(True, which="both", alpha=0.25)
    return _svg(figure)


def histogram(groups: dict[str, Sequence[float]], title: str, threshold: float | None, label: str, counted: str) -> str:
    """Scores per group on one axis, each as share of its own group, as SVG."""
    figure = Figure(figsize=(5.6, 4.2), layout="constrained")
    axes = figure.subplots()
    everything = np.concatenate([np.asarray(values, dtype=float) for values in groups.values()])
    edges = np.linspace(min(0.0, float(everything.min())), max(1.0, float(everything.max())), 31)
    colours = ("#2c7a4b", "#a33333", "#b8860b", "#1d4f91", "#6b4f8f", "#777777")
    for (name, values), colour in zip(groups.items(), colours, strict=False):
        shares = np.full(len(values), 100.0 / max(len(values), 1))
        axes.hist(values, edges.tolist(), weights=shares, alpha=0.55, label=f"{name} ({len(values)})", color=colour)
    if threshold is not None:
        axes.axvline(threshold, color="black", linestyle="--", linewidth=1)
    axes.set(title=title, xlabel=label, ylabel=f"share of {counted} of the kind [%]")
    axes.legend(frameon=False)
    return _svg(figure)
