# Sourced: podman as it runs without systemd, and in a sandbox that has few limits to give.
export CONTAINERS_CONF="${CONTAINERS_CONF:-$(mktemp "${TMPDIR:-/tmp}/containers.XXXXXX.conf")}"
cat >"$CONTAINERS_CONF" <<END
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
log_driver = "k8s-file"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_backend = "netavark"
END
run_podman() { podman "$@"; }
