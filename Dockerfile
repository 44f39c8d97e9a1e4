# One small image per program: docker build --build-arg PROGRAM=helder-gateway -t helder-gateway .
FROM docker.io/library/rust:1-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends cmake && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY . .
# All programs at once: they share nearly every dependency, and the layer serves each of the images.
RUN cargo build --locked --profile dist --workspace --bins

FROM docker.io/library/debian:bookworm-slim
ARG PROGRAM
RUN test -n "$PROGRAM" \
 && apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin helder
COPY --from=build /build/target/dist/${PROGRAM} /usr/local/bin/program
USER 10001
ENTRYPOINT ["/usr/local/bin/program"]
