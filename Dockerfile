# The environment of ./interstice as a container image:
#   docker build --tag interstice .
#   docker run --rm --user "$(id -u):$(id -g)" --volume "$PWD:/work" interstice run my_case.yaml
FROM debian:trixie-slim

COPY env/packages.txt /opt/interstice/env/
RUN apt-get update \
    && sed -e 's/[[:space:]]*#.*//' -e '/^$/d' /opt/interstice/env/packages.txt \
        | xargs env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
    && rm -rf /var/lib/apt/lists/*
COPY env/ /opt/interstice/env/
COPY solver/system.py /opt/interstice/solver/
RUN /opt/interstice/env/finish.sh /usr/bin/python3 /usr/lib/interstice-environment

# Any user id may run in a container: what is cached goes where everybody may write.
ENV PATH=/usr/lib/interstice-environment/bin:$PATH HOME=/tmp XDG_CACHE_HOME=/tmp/.cache

COPY . /opt/interstice/
WORKDIR /work
ENTRYPOINT ["/opt/interstice/interstice"]
