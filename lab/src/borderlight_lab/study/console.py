"""The operator's console of a study: consent, labels, a link for each capture. Only for this machine itself."""

from collections import Counter
from pathlib import Path
from typing import Any

import jinja2
import segno
from pydantic import ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from borderlight_cli.embedded import EmbeddedStack
from borderlight_cli.serving.operator import is_this_machine
from borderlight_lab.simulator.species import SPECIES
from borderlight_lab.study.recorder import Recorder
from borderlight_lab.study.register import Labels, StudyProblem, first_message
from capture_ingest.domain.session_life import State
from capture_ingest.use_cases.open_session import OpenSession, SessionSpec

_POLICY = (
    "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_MAX_PHOTO = 20_000_000
_SHOWN = 50


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""


def labels_of(form: FormData) -> Labels:
    """Labels as the form states them; raises StudyProblem."""
    raw: dict[str, Any] = {name: _text(form, name) for name in ("subject", "species", "device", "eyewear", "note")}
    for name in ("ambient_lx", "distance_m"):
        raw[name] = _text(form, name) or None
    try:
        return Labels.model_validate(raw)
    except ValidationError as error:
        raise StudyProblem(first_message(error)) from error


class StudyConsole:
    """Server-rendered, without a script."""

    def __init__(self, recorder: Recorder, stack: EmbeddedStack, base: str, life_s: int) -> None:
        self._recorder = recorder
        self._stack = stack
        self._base = base
        self._life_s = life_s
        self._links: dict[str, str] = {}
        self._last = {"ambient_lx": "", "distance_m": "", "device": "", "species": "bona_fide", "subject": ""}
        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=jinja2.StrictUndefined
        )
        self._template = environment.get_template("console.html.j2")

    def routes(self) -> list[Route]:
        return [
            Route("/study", self._page),
            Route("/study/subjects", self._consent, methods=["POST"]),
            Route("/study/captures", self._begin, methods=["POST"]),
            Route("/study/captures/{session}", self._capture),
        ]

    @staticmethod
    def _refuse(request: Request) -> Response | None:
        if not is_this_machine(request):
            return PlainTextResponse("The console of a study answers to this machine only.", 403)
        # A form of a foreign page could post here through the operator's own browser.
        if request.method == "POST" and request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
            return PlainTextResponse("Send this form from the console itself.", 403)
        return None

    def _show(self, status: int = 200, problem: str = "", **more: Any) -> Response:
        study = self._recorder.study
        study.reload()
        register = study.register
        counts = Counter((c.labels.subject, c.labels.label) for c in register.captures)
        text = self._template.render(
            study=register, consent=study.consent_text, counts=counts, species=sorted(SPECIES), last=self._last,
            captures=list(reversed(register.captures))[:_SHOWN], problem=problem, problems=self._recorder.problems,
            **{"capture": None, "refresh": False, **more},
        )  # fmt: skip
        headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
        return HTMLResponse(text, status, headers=headers)

    async def _page(self, request: Request) -> Response:
        return self._refuse(request) or self._show()

    async def _consent(self, request: Request) -> Response:
        refused = self._refuse(request)
        if refused is not None:
            return refused
        async with request.form(max_part_size=_MAX_PHOTO) as form:
            if _text(form, "agreed") != "yes":
                return self._show(422, "Nobody is recorded without consent: read the text together and tick the box.")
            file = form.get("photo")
            photo = await file.read() if isinstance(file, UploadFile) else b""
            try:
                subject = self._recorder.study.consent(
                    _text(form, "pseudonym"),
                    _text(form, "recorded_by"),
                    self._stack.clock.now(),
                    _text(form, "skin_tone"),
                    photo or None,
                )
            except StudyProblem as problem:
                return self._show(422, str(problem))
        self._last["subject"] = subject.pseudonym
        return RedirectResponse("/study", 303)

    async def _begin(self, request: Request) -> Response:
        refused = self._refuse(request)
        if refused is not None:
            return refused
        async with request.form() as form:
            try:
                labels = labels_of(form)
                self._recorder.study.reload()
                self._recorder.study.subject(labels.subject)
            except StudyProblem as problem:
                return self._show(422, str(problem))
            calm = _text(form, "calm") == "yes"
        opened = await OpenSession(self._stack.sessions, self._stack.clock, self._life_s)(
            SessionSpec(labels.subject, calm)
        )
        session_id = opened.session.session_id
        self._recorder.expect(session_id, labels)
        self._links[session_id] = f"{self._base}/capture/#{session_id}.{opened.token}"
        self._last |= {name: str(getattr(labels, name) or "") for name in self._last}
        return RedirectResponse(f"/study/captures/{session_id}", 303)

    async def _capture(self, request: Request) -> Response:
        refused = self._refuse(request)
        if refused is not None:
            return refused
        session_id = request.path_params["session"]
        link = self._links.get(session_id)
        session = await self._stack.sessions.find(session_id)
        if link is None or session is None:
            return self._show(404, "This capture belongs to an earlier run of the console.")
        self._recorder.study.reload()
        recorded = [c for c in self._recorder.study.register.captures if c.journey == session_id]
        waiting = session.state in (State.OPENED, State.CLAIMED, State.CHALLENGED, State.UPLOADED) or not recorded
        capture = {
            "link": link, "qr": segno.make(link, error="l").svg_data_uri(scale=5, border=2), "state": session.state,
            "labels": self._recorder.journeys[session_id], "recorded": recorded,
            "opened": session.state is not State.OPENED,
        }  # fmt: skip
        return self._show(capture=capture, refresh=waiting)
