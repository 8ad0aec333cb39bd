# CPU image of sunwi, for x86-64 and ARM64: no line names an architecture. This image was not built where it was
# written; its RUN lines were executed in order in a root folder of Debian 13 (docs/platforms.md).
#   docker build -t sunwi . && docker run --rm -it sunwi make baseline
FROM debian:trixie-slim

# The versions of the distribution's release are taken.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends bash ca-certificates gcc git libc6-dev make python3 python3-dev python3-venv \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /sunwi
COPY . .

# An index with torch's build for CPUs saves 4 GB on x86-64: docker build --build-arg TORCH_INDEX=URL .
ARG TORCH_INDEX=
RUN make setup TORCH_INDEX="$TORCH_INDEX"

CMD ["make", "repro"]
