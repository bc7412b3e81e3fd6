# syntax=docker/dockerfile:1
# The `borderlight` command with the lab: topics, load, evaluation. Never part of a deployment.
FROM python:3.11.14-slim-bookworm AS build
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /src
COPY requirements/run.txt requirements/run.txt
RUN uv venv /opt/venv && uv pip sync --require-hashes --python /opt/venv/bin/python requirements/run.txt
COPY shared shared
COPY services services
COPY cli cli
COPY tools tools
COPY lab lab
RUN uv pip install --no-deps --no-build-isolation --python /opt/venv/bin/python \
    ./shared ./services/capture-ingest ./services/liveness ./services/matcher ./services/decision ./services/retention ./cli ./tools ./lab
RUN /opt/venv/bin/borderlight models build --out /models

FROM python:3.11.14-slim-bookworm
RUN useradd --system --uid 10001 --no-create-home borderlight
COPY --from=build /opt/venv /opt/venv
COPY --from=build /models /models
ENV BORDERLIGHT_MODELS_DIR=/models PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001
WORKDIR /tmp
ENTRYPOINT ["borderlight"]
