# The environment of ./interstice as a container image:
#   docker build --tag interstice .
#   docker run --rm --user "$(id -u):$(id -g)" --volume "$PWD:/work" interstice run my_case.yaml
FROM debian:trixie-slim

COPY env/ /opt/interstice/env/
COPY env/sources.list /etc/apt/sources.list.d/interstice.list
RUN apt-get update \
    && sed -e 's/[[:space:]]*#.*//' -e '/^$/d' /opt/interstice/env/packages.txt \
        | xargs env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
    && rm -rf /var/lib/apt/lists/*
RUN /opt/interstice/env/finish.sh

# Any user id may run in a container: what is cached goes where everybody may write.
ENV XDG_CACHE_HOME=/tmp/.cache MPLCONFIGDIR=/tmp/.cache/matplotlib

COPY . /opt/interstice/
WORKDIR /work
ENTRYPOINT ["/opt/interstice/interstice"]
