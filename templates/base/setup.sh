#!/bin/sh
# Runs as root inside the new root file system, after its packages are installed and files/ is copied into it.
set -eu

useradd --create-home --uid 1000 --user-group --groups sudo --shell /bin/bash user
chmod 0440 /etc/sudoers.d/user

# Where the runtime ignores set-user-id bits, as gVisor does, the agent does what sudo would. It comes before /usr/bin in PATH.
ln -sf /.atoll/agent /usr/local/bin/sudo

# Any user that runs in a sandbox may work here, whoever made the files before.
install -d -o user -g user -m 0777 /workspace

# A sandbox belongs to one program, so "pip install" without a virtual environment is what people expect of it.
# Debian's marker (PEP 668) would refuse that.
rm -f /usr/lib/python3*/EXTERNALLY-MANAGED

# Each sandbox is a machine of its own: nothing that identifies one may come from the template.
: > /etc/machine-id
rm -f /var/lib/dbus/machine-id /etc/ssh/ssh_host_*

rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/cache/apt/archives/*.deb \
    /var/cache/debconf/*-old /var/lib/dpkg/*-old /var/log/*.log /var/log/apt /tmp/* /root/.cache

# gVisor covers an empty /tmp with one in memory, which would count as the sandbox's memory. These two are usual there.
install -d -m 1777 /tmp/.X11-unix /tmp/.ICE-unix
