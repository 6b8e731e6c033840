# condord in a container: docker build -t condord . ; docker run -v condord:/var/lib/condord condord
# See docs/service.md.
ARG BASE_IMAGE=docker.io/library/python:3.11-slim-bookworm

FROM ${BASE_IMAGE} AS build
# Where packages come from another index, or through a proxy with a certificate of its own: --build-arg sets them.
ARG PIP_INDEX_URL
ARG PIP_CERT
# extras: with the packages for alerts and metrics; run: without.
ARG PACKAGES=run
COPY requirements/${PACKAGES}.txt /src/requirements.txt
RUN python3 -m venv /opt/condord \
 && /opt/condord/bin/python -m pip install --no-cache-dir --no-compile --require-hashes -r /src/requirements.txt
COPY pyproject.toml README.md LICENSE /src/
COPY daemon /src/daemon
# Tests of libraries, their pictures of examples and the tools of the build are of no use here. A file system that is
# read-only keeps nothing that a start compiles: what three sessions and their report import is compiled now.
RUN /opt/condord/bin/python -m pip install --no-cache-dir --no-compile --no-deps --no-build-isolation /src \
 && /opt/condord/bin/python -m pip uninstall --yes setuptools pip \
 && find /opt/condord '(' -name __pycache__ -o -name tests -o -name sample_data ')' -prune -exec rm -rf {} + \
 && /opt/condord/bin/condord rehearse --from 2020-02-18 --to 2020-02-20 --out /tmp/rehearsal \
 && /opt/condord/bin/python -c 'import daemon.app.run' \
 && rm -rf /tmp/rehearsal

FROM ${BASE_IMAGE}
RUN groupadd --system --gid 990 condord \
 && useradd --system --uid 990 --gid 990 --home-dir /var/lib/condord --shell /usr/sbin/nologin condord \
 && install -d -o condord -g condord -m 0750 /var/lib/condord /var/log/condord /run/condord
COPY --from=build /opt/condord /opt/condord
COPY config /etc/condord
ENV PATH=/opt/condord/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    CONDORD_STATE_DIR=/var/lib/condord \
    CONDORD_LOG_DIR=/var/log/condord \
    CONDORD_RUNTIME_DIR=/run/condord
USER condord
WORKDIR /var/lib/condord
VOLUME ["/var/lib/condord", "/var/log/condord"]
STOPSIGNAL SIGTERM
# Healthy is also a daemon that waits for its gateway; one that hangs or has ended is not.
HEALTHCHECK --interval=60s --timeout=15s --start-period=60s --retries=3 CMD ["condord", "healthcheck"]
ENTRYPOINT []
CMD ["condord", "run"]
