# condord in a container: docker build -t condord . ; docker run -v condord:/var/lib/condord condord
# See docs/service.md.
ARG BASE_IMAGE=docker.io/library/python:3.11-slim-bookworm

FROM ${BASE_IMAGE} AS build
# Where packages come from another index, or through a proxy with a certificate of its own: --build-arg sets them.
ARG PIP_INDEX_URL
ARG PIP_CERT
COPY requirements/run.txt /src/requirements/run.txt
RUN python3 -m venv /opt/condord \
 && /opt/condord/bin/python -m pip install --no-cache-dir --require-hashes -r /src/requirements/run.txt
COPY pyproject.toml README.md LICENSE /src/
COPY daemon /src/daemon
RUN /opt/condord/bin/python -m pip install --no-cache-dir --no-deps --no-build-isolation /src \
 && /opt/condord/bin/python -m pip uninstall --yes setuptools pip \
 && find /opt/condord -name '__pycache__' -prune -exec rm -rf {} +

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
ENTRYPOINT []
CMD ["condord", "run"]
