# The engine alone: TWS or IB Gateway runs elsewhere, or beside it as compose.yaml has it.
# For a build that is the same tomorrow, name the image by its digest: --build-arg PYTHON_IMAGE=python@sha256:…
ARG PYTHON_IMAGE=python:3.12.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY engine engine
COPY strategies strategies
COPY schemas schemas
COPY monitoring monitoring
# Extras of the package, as --build-arg EXTRAS=notify.
ARG EXTRAS=""
RUN python -m pip wheel --no-cache-dir --disable-pip-version-check --constraint constraints.txt --wheel-dir /wheels ".${EXTRAS:+[$EXTRAS]}"

FROM ${PYTHON_IMAGE}
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 TZ=UTC
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels \
    python -m pip install --no-cache-dir --disable-pip-version-check --no-index /wheels/*.whl \
 && groupadd --gid 10001 spreads \
 && useradd --uid 10001 --gid spreads --no-create-home --home-dir /trading --shell /usr/sbin/nologin spreads \
 && install --directory --owner spreads --group spreads --mode 0700 /trading /trading/state /trading/strategies

USER 10001:10001
WORKDIR /trading
VOLUME ["/trading/state"]
STOPSIGNAL SIGINT
# Healthy: it decides, and it has agreed with the broker. While TWS restarts it is not, for some minutes.
HEALTHCHECK --interval=30s --timeout=20s --start-period=3m --retries=10 CMD ["spreads", "health"]
ENTRYPOINT ["spreads"]
CMD ["run", "--paper", "--metrics-port", "9109"]
