# The app for a team: docs/hosting.md. No torch, no engine: it plans and draws, and never probes.
FROM python:3.11-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY .streamlit .streamlit
COPY scenarios scenarios
COPY pricing pricing
COPY probes probes
COPY tco tco
RUN python -m venv /opt/tco \
 && /opt/tco/bin/pip install --no-cache-dir ".[report,hosted]"

FROM python:3.11-slim
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin tco
COPY --from=build /opt/tco /opt/tco
# Nothing of a visitor is written: numba's compiled code and Streamlit's own files go to /tmp, which is memory in compose.yaml.
ENV PATH=/opt/tco/bin:$PATH \
    HOME=/tmp \
    NUMBA_CACHE_DIR=/tmp/numba \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /tmp
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
ENTRYPOINT ["tco", "app", "--hosted", "--address", "0.0.0.0", "--port", "8501"]
CMD ["--secrets", "/run/secrets/streamlit", "--allow-file", "/run/secrets/allow"]
