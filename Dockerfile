# Builds kcap's image from a checkout: docker build -t kcap .
# A release publishes the image of `npm run package`, which needs no engine and has fewer programs. This one has Debian's own shell and tools.
#
# The tags are those of Debian 12. To pin what they mean today, give digests: --build-arg DEBIAN=debian:12-slim@sha256:…
ARG NODE=node:24-bookworm-slim
ARG DEBIAN=debian:12-slim

FROM ${NODE} AS build
WORKDIR /kcap
COPY package.json package-lock.json ./
# `prepare` would build before the sources are there.
RUN npm ci --no-audit --ignore-scripts
COPY . .
RUN node build.js

FROM ${DEBIAN}
ARG VERSION=0.0.0
LABEL org.opencontainers.image.title="kcap" \
      org.opencontainers.image.description="Live packet capture from Kubernetes pods and SSH hosts" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="MIT"
# findutils, procps: health checks and scripts of recorders. netbase: names of ports in capture filters. libstdc++6: Node.
RUN apt-get update \
 && apt-get install -y --no-install-recommends findutils libstdc++6 netbase procps tcpdump util-linux \
 && rm -rf /var/lib/apt/lists/* /var/cache/* /var/log/*
COPY --from=build /usr/local/bin/node /usr/local/bin/node
COPY --from=build /kcap/package.json /kcap/LICENSE /usr/local/lib/kcap/
COPY --from=build /kcap/dist /usr/local/lib/kcap/dist
# Node starts the file by its path, which a link does not change.
RUN ln -s ../lib/kcap/dist/kcap.cjs /usr/local/bin/kcap \
 && kcap --version && tcpdump --version && nsenter --version
# No ENTRYPOINT: recorders start `kcap`, debug containers `sh`. Nothing writes outside of /tmp, so the root file system may be read-only.
CMD ["kcap"]
