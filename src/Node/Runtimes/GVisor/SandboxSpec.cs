namespace Atoll.Node.Runtimes.GVisor;

/// <summary>Describes a sandbox to runsc: the agent as PID 1 over the template's root file system.</summary>
internal static class SandboxSpec
{
    /// <summary>Where the agent is seen in every sandbox: bound from the host, so that it never depends on the template.</summary>
    public const string AgentPath = "/.atoll/agent";

    /// <summary>
    /// Everything that gVisor's own kernel grants. They act on that kernel only: a sandbox is for installing packages,
    /// mounting, tracing. Raw sockets are kept out by runsc itself.
    /// </summary>
    private static readonly string[] s_capabilities =
    [
        "CAP_AUDIT_CONTROL", "CAP_AUDIT_WRITE", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER",
        "CAP_FSETID", "CAP_IPC_LOCK", "CAP_IPC_OWNER", "CAP_KILL", "CAP_LEASE", "CAP_LINUX_IMMUTABLE", "CAP_MKNOD",
        "CAP_NET_ADMIN", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP",
        "CAP_SETUID", "CAP_SYS_ADMIN", "CAP_SYS_CHROOT", "CAP_SYS_NICE", "CAP_SYS_PACCT", "CAP_SYS_PTRACE",
        "CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG",
    ];

    public static RuntimeSpec For(string rootfs, string agentOnHost, string hostname, string netns, string cgroup, int memoryMb) => new(
        new SpecProcess(
            [AgentPath],
            ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
            SpecCapabilities.All(s_capabilities),
            [new SpecRlimit("RLIMIT_NOFILE", 1 << 20, 1 << 20)]),
        new SpecRoot(rootfs, Readonly: false),
        hostname,
        [
            new SpecMount("/proc", "proc", "proc", ["nosuid", "noexec", "nodev"]),
            new SpecMount("/dev", "tmpfs", "tmpfs", ["nosuid", "mode=0755"]),
            new SpecMount("/dev/shm", "tmpfs", "shm", ["nosuid", "nodev", "mode=1777", $"size={memoryMb / 2}m"]),
            new SpecMount("/sys", "sysfs", "sysfs", ["nosuid", "noexec", "nodev", "ro"]),
            new SpecMount(AgentPath, "bind", agentOnHost, ["bind", "ro"]),
        ],
        new SpecLinux(
            cgroup,
            [new("pid"), new("ipc"), new("uts"), new("mount"), new("network", netns)]));
}
