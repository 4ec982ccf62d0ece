# skep alone, from the static binary (README: Packaging):  docker build -t skep .
# Runs as:  docker run --rm -it -v /var/run/docker.sock:/var/run/docker.sock skep
# It has no ssh: give it sockets and tcp:// endpoints.
FROM scratch
COPY target/x86_64-unknown-linux-gnu/release/skep /skep
ENV HOME=/home TERM=xterm-256color LANG=C.UTF-8
ENTRYPOINT ["/skep"]
