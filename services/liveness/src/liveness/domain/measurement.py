"""Everything that the evidences read, measured once per capture."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from liveness.domain.measure.challenge import MIN_LIT_FRAMES, ChallengeFit, match_challenge
from liveness.domain.measure.commitment import ResponseAges, measure_ages
from liveness.domain.measure.continuity import Continuity, measure_continuity
from liveness.domain.measure.face_geometry import FaceGeometry, face_geometry
from liveness.domain.measure.face_light import measure_face_light
from liveness.domain.measure.glint import measure_glint
from liveness.domain.measure.recording import RecordingQuality, measure_recording
from liveness.domain.measure.reflectance import ReflectanceFit, fit_reflectance
from liveness.domain.measure.relief import ReliefFit, fit_relief
from liveness.domain.measure.response import ResponseMap, measure_response
from liveness.domain.measure.rows import RowDelay, measure_rows
from liveness.domain.measure.screen_light import ScreenLight, split_light
from liveness.domain.measure.surroundings import (
    SurroundingsAnswer,
    measure_surroundings,
    relative_light,
    surrounding_radiance,
)
from liveness.domain.series import CaptureSeries


@dataclass(frozen=True)
class Measurement:
    """challenge: fit of the issued schedule; face_light: the relative light of the face that it was found in; screen:
    what the challenge explains of that light in the lit frames.

    geometry: shape of the face and what light does on it; response: the R/B map, relief, reflectance: what it shows
    (None: too few usable cells); rows: delay of the sensor along the axis that shows it best; glint: strongest corneal
    spot [face responses]; surroundings: how much of the face's answer they give; continuity: of the face over changes
    of colour; ages: how soon answers were fixed (None: no transcript).
    """

    challenge: ChallengeFit
    face_light: Float[np.ndarray, "frames 3"]
    screen: ScreenLight
    geometry: FaceGeometry
    response: ResponseMap | None
    relief: ReliefFit | None
    reflectance: ReflectanceFit | None
    rows: RowDelay | None
    glint: float | None
    surroundings: SurroundingsAnswer
    continuity: Continuity | None
    ages: ResponseAges | None
    recording: RecordingQuality


def measure(series: CaptureSeries) -> Measurement:
    """All measurements of one capture; pure. Each line needs only what stands above it."""
    geometry = face_geometry(series.mesh)
    face = measure_face_light(series, geometry.inside)
    surroundings = surrounding_radiance(series)
    match = match_challenge(face.relative, relative_light(surroundings), series)
    light = series.timing.at(match.fit.lag_ms)
    screen = split_light(match.face_light, light, light.lit_or_all(MIN_LIT_FRAMES))
    response = measure_response(series, match.face_light, geometry.inside, light)
    return Measurement(
        challenge=match.fit,
        face_light=match.face_light,
        screen=screen,
        geometry=geometry,
        response=response,
        relief=fit_relief(response, geometry) if response else None,
        reflectance=fit_reflectance(response, geometry) if response else None,
        rows=measure_rows(series, face.cells, light),
        glint=measure_glint(series, face, match, screen, light),
        surroundings=measure_surroundings(surroundings, screen, light),
        continuity=measure_continuity(series, match.face_light, geometry.inner() & response.usable, light)
        if response
        else None,
        ages=measure_ages(series.commitment, match.face_light, screen, light) if series.commitment else None,
        recording=measure_recording(series, geometry.inside, face),
    )
