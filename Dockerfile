# One small image per program, all from this file:
#
#   docker build --build-arg PROGRAM=helder-gateway --tag helder-gateway:0.1.0 .
#
# PROGRAM is helder-gateway, helder-registry, helder-ingest, helder-linkage, helder-training, helder-prediction, or helder for
# the command itself. There is no HEALTHCHECK: the probes of the cluster ask over HTTP, and there is no shell to ask with.
ARG RUST=1.95.0
ARG DEBIAN=bookworm

FROM rust:${RUST}-${DEBIAN} AS build
# Debian keeps one version of a package; the name of the release is what pins it.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates cmake \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY . .
# All programs at once: they share nearly every dependency, and the layer serves each of the images. What was compiled stays
# in a cache, so a change compiles what changed; paths of this machine stay out of the programs.
ARG PROFILE=dist
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/build/target \
    RUSTFLAGS="--remap-path-prefix=/build=. --remap-path-prefix=/usr/local/cargo=cargo" \
    cargo build --locked --profile "$PROFILE" --workspace --bins \
 && mkdir /programs \
 && find "target/$PROFILE" -maxdepth 1 -type f -executable -name 'helder*' -exec cp {} /programs/ \;

FROM build AS root
ARG PROGRAM
ARG SOURCE_DATE_EPOCH=0
RUN test -n "$PROGRAM" && scripts/image-root "/programs/$PROGRAM" /image

FROM scratch
ARG PROGRAM
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="${PROGRAM}" \
      org.opencontainers.image.description="From messy extracts to an approved, fair and explained prediction" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="EUPL-1.2"
COPY --from=root /image/ /
USER 10001:10001
EXPOSE 8080
ENTRYPOINT ["/usr/local/bin/program"]
