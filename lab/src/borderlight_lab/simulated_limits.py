"""Where the comparison limits for simulated people lie: rendered heads are closer to one another than people are."""

from pathlib import Path

_NAME = "comparison-simulated.toml"
_HERE = Path(__file__).parent
SIMULATED_LIMITS = next(
    path for path in (_HERE / "limits" / _NAME, _HERE.parents[1] / "limits" / _NAME) if path.is_file()
)
"""In an installed package beside this module, in a checkout below lab/."""
