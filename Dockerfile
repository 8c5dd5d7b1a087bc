# rollgate as one static binary: no shell, no libc, no root.
#
#   docker build --tag rollgate .
#   docker run --rm --volume "$PWD:/repo:ro" rollgate check
#
# Services that run jobs inside of an image need a shell there: build the target `ci` for them.
#
#   docker build --tag rollgate-ci --target ci .

FROM rust:1.89-slim-bookworm AS build
RUN apt-get update \
 && apt-get install --yes --no-install-recommends musl-tools \
 && rm -rf /var/lib/apt/lists/* \
 && rustup target add "$(uname -m)-unknown-linux-musl"
WORKDIR /src
COPY . .
RUN LIBZ_SYS_STATIC=1 cargo build --release --locked --target "$(uname -m)-unknown-linux-musl" \
 && cp "target/$(uname -m)-unknown-linux-musl/release/rollgate" /rollgate
# What is mounted or checked out belongs to another user as a rule. rollgate runs nothing that a repository names.
RUN printf '[safe]\n\tdirectory = *\n' >/gitconfig

FROM debian:bookworm-slim AS ci
RUN apt-get update \
 && apt-get install --yes --no-install-recommends git \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /gitconfig /etc/gitconfig
COPY --from=build /rollgate /usr/local/bin/rollgate
USER 65532:65532
WORKDIR /repo

FROM scratch
COPY --from=build /gitconfig /etc/gitconfig
COPY --from=build /rollgate /rollgate
USER 65532:65532
WORKDIR /repo
ENTRYPOINT ["/rollgate"]
