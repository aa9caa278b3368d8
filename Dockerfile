# A small image: the program with the Swift runtime inside, and libmicrohttpd.
#
#     docker build -t stagewright .
#     docker run --rm --read-only --cap-drop ALL -p 127.0.0.1:8080:8080 stagewright

FROM swift:6.3-bookworm AS build
# Not pinned: a rebuild is to take Debian's security updates.
# hadolint ignore=DL3008
RUN apt-get update \
  && apt-get install -y --no-install-recommends libmicrohttpd-dev pkg-config \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /src
# The packages are fetched anew only when the manifest changes.
COPY Package.swift ./
RUN swift package resolve
COPY openapi.yaml ./
COPY Sources Sources
# Not built, but the manifest names them.
COPY Tests Tests
RUN swift build -c release --product stagewright --static-swift-stdlib \
    -Xlinker -z -Xlinker pack-relative-relocs \
    -Xlinker "--remap-inputs=*/libstdc++.so=$(clang -print-file-name=libstdc++.a)" \
  && strip -o /stagewright .build/release/stagewright

FROM debian:bookworm-slim
# hadolint ignore=DL3008
RUN apt-get update \
  && apt-get install -y --no-install-recommends libmicrohttpd12 \
  && rm -rf /var/lib/apt/lists/*
COPY --from=build /stagewright /usr/local/bin/stagewright
# A number, so that Kubernetes can tell that it is not root.
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/usr/local/bin/stagewright"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8080"]
