"""Error rates in the words of ISO/IEC 30107-3, with exact intervals. No attempt, no rate."""

from dataclasses import dataclass

from scipy.stats import beta


@dataclass(frozen=True)
class Rate:
    """count of events in trials, with the two-sided 95 % Clopper-Pearson interval."""

    count: int
    trials: int
    lower: float
    upper: float

    @property
    def value(self) -> float:
        return self.count / self.trials

    def to_json(self) -> dict[str, float]:
        return {
            "count": self.count, "trials": self.trials, "rate": round(self.value, 5), "lower": round(self.lower, 5),
            "upper": round(self.upper, 5),
        }  # fmt: skip


def rate(count: int, trials: int, confidence: float = 0.95) -> Rate | None:
    """The rate, or None when there were no trials: absence is not zero."""
    if trials == 0:
        return None
    if not 0 <= count <= trials:
        raise ValueError(f"{count} events in {trials} trials")
    tail = (1.0 - confidence) / 2.0
    lower = 0.0 if count == 0 else float(beta.ppf(tail, count, trials - count + 1))
    upper = 1.0 if count == trials else float(beta.ppf(1.0 - tail, count + 1, trials - count))
    return Rate(count, trials, lower, upper)
