# Paperboy in a container: a virtual environment made in one stage, run by an unprivileged user in the next.
# Tokens come from the environment at start, never from a layer; the ledger lives in /data, and a paperboy.toml is read
# from /app if one is mounted there.

FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml requirements.lock README.md LICENSE ./
COPY bot bot/
COPY data data/
COPY prompts prompts/
# The environment gets no pip of its own: nothing is installed once the image is made.
RUN python -m pip wheel --no-cache-dir --no-deps --wheel-dir /wheels . \
    && python -m venv --without-pip /venv \
    && set -- /wheels/*.whl \
    && python -m pip --python /venv/bin/python install --no-cache-dir --constraint requirements.lock "$1[reading]"

FROM python:3.13-slim
LABEL org.opencontainers.image.title="Paperboy" \
      org.opencontainers.image.description="Pushes digests of new arXiv papers to Telegram and Discord: true, relevant, on time." \
      org.opencontainers.image.licenses="MIT"
# The ids are fixed, so that the owner of a volume or a bind mount is known beforehand.
RUN groupadd --gid 10001 paperboy \
    && useradd --uid 10001 --gid 10001 --no-log-init --no-create-home --home-dir /app --shell /usr/sbin/nologin paperboy \
    && install -d -o 10001 -g 10001 -m 0750 /data
COPY --from=build /venv /venv
ENV PATH="/venv/bin:${PATH}" \
    PYTHONUNBUFFERED="1" \
    DATABASE_URL="sqlite:////data/paperboy.db"
WORKDIR /app
USER 10001:10001
# After the folder got its owner, because a new volume copies the folder it covers, owner included.
VOLUME ["/data"]
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=2m --timeout=30s --start-period=2m --retries=3 CMD ["python", "-m", "bot", "status", "--health"]
ENTRYPOINT ["python", "-m", "bot"]
CMD ["run"]
