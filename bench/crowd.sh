#!/usr/bin/env bash
# Holds many idle connections and prints what each takes of stagedoor's resident
# memory; see bench/idle for one process and few of them.
#   bench/crowd.sh [PLAIN] [TLS]     default 100000 20000
# Where a process may not have so many descriptors, and root cannot raise that either,
# the same is done in a virtual machine of 6 GB with a kernel of its own (Debian's cloud
# kernel in qemu): the programs are static, so the machine has nothing else in it. It
# emulates, which is slow but needs no rights: only memory and numbers count here; KVM=1
# uses /dev/kvm. WHERE=here or WHERE=vm decides where.
# SD is the stagedoor to measure; REST how long it rests before its memory is read:
# over 2m, the collector has been there by itself.
set -euo pipefail
cd "$(dirname "$0")"
plain=${1:-100000} tls=${2:-20000} sd=${SD:-../.bin/stagedoor}
most=$((plain > tls ? plain : tls))
want=$((most + 1000))
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir -p "$work/bench"
for c in upstream idle; do CGO_ENABLED=0 go build -o "$work/bench/$c" ./$c; done
install "$sd" "$work/bench/stagedoor"
python3 gen.py "$work/run" >/dev/null
cp "$work"/run/{stagedoor.yaml,tls.crt,tls.key} crowd-inside.sh "$work/bench"
printf 'plain=%s tls=%s rest=%s\n' "$plain" "$tls" "${REST:-10s}" >"$work/bench/crowd.conf"

prlimit --pid $$ --nofile="$want:$want" 2>/dev/null || true
if [ "${WHERE:-}" = here ] || { [ "${WHERE:-}" != vm ] && [ "$(ulimit -Hn)" -ge "$want" ]; }; then
	(cd "$work/bench" && sh ./crowd-inside.sh)
	exit
fi
echo "a process may have $(ulimit -Hn) descriptors here, $want are needed: in a virtual machine"
need=()
command -v qemu-system-x86_64 >/dev/null || need+=(qemu-system-x86)
[ -e /usr/bin/busybox ] || need+=(busybox-static)
command -v cpio >/dev/null || need+=(cpio)
apt-get update -q >/dev/null
if [ ${#need[@]} -gt 0 ]; then
	DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "${need[@]}" >/dev/null
fi
kernel=$(apt-cache depends linux-image-cloud-amd64 | awk '/Depends: linux-image/ {print $2; exit}')
(cd "$work" && apt-get -o APT::Sandbox::User=root download -q "$kernel" >/dev/null && dpkg -x "$kernel"_*.deb kernel)
mkdir -p "$work"/{bin,dev,proc,sys,tmp}
cp /usr/bin/busybox "$work/bin/"
cat >"$work/init" <<'INIT'
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev; mount -t tmpfs tmp /tmp
ip link set lo up
cd /bench && sh ./crowd-inside.sh
poweroff -f
INIT
chmod +x "$work/init"
(cd "$work" && find init bin dev proc sys tmp bench | cpio -o -H newc --quiet | gzip -1 >initrd)
accel=(-cpu max)
[ -n "${KVM:-}" ] && accel=(-enable-kvm -cpu host)
qemu-system-x86_64 "${accel[@]}" -smp 2 -m 6144 -nographic -no-reboot -nic none -kernel "$work"/kernel/boot/vmlinuz-* \
	-initrd "$work/initrd" -append "console=ttyS0 quiet panic=-1" </dev/null | stdbuf -oL tr -d '\r'
