"""The evidences, one file each: its limits as a type, and `assess` from the measurement to one of three answers.

A new one is a new file here, a field of `Thresholds` with its section in thresholds.toml, and a line in
`liveness.domain.judgement.assess_all`.
"""
