using Atoll.Domain.Sandboxes;
using Atoll.Linux;
using Microsoft.Win32.SafeHandles;

namespace Atoll.Node.Resources;

/// <summary>
/// Makes, ends and removes the cgroups of sandboxes, on version 1 and version 2. The runtime joins what it finds and
/// leaves the limits alone.
/// <code>
///   v1   /sys/fs/cgroup/{cpu,cpuacct,memory,pids,freezer}/atoll/ID
///   v2   /sys/fs/cgroup/atoll/ID
/// </code>
/// </summary>
internal sealed class SandboxCgroups(CgroupOptions options, CgroupMounts mounts)
{
    private static readonly string[] Needed = ["cpu", "memory", "pids"];
    private static readonly string[] NeededV1 = [.. Needed, "freezer"];
    private static readonly TimeSpan KillLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RoundLimit = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan FreezeLimit = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    /// <summary>The controllers without which sandboxes cannot be limited and that this machine does not offer.</summary>
    public IReadOnlyList<string> MissingControllers() => mounts.Version switch
    {
        CgroupVersion.V1 => [.. NeededV1.Where(name => !mounts.V1.ContainsKey(name))],
        CgroupVersion.V2 => [.. Needed.Except(new Cgroup(mounts.V2!).Read("cgroup.controllers").Split(' '))],
        _ => NeededV1,
    };

    /// <summary>Makes the cgroup under which all sandboxes have theirs. Safe to repeat.</summary>
    /// <exception cref="IOException">A controller is missing or cannot be passed on; the message says which.</exception>
    public void Prepare()
    {
        if (MissingControllers() is { Count: > 0 } missing)
        {
            throw new IOException(
                $"this machine lacks the cgroup controllers {string.Join(", ", missing)}: enable them on the kernel's command line "
                + "(cgroup_enable=memory) or, in a container, give it the host's cgroups");
        }

        foreach (Cgroup root in Roots())
        {
            root.Create();
        }

        if (mounts.Version == CgroupVersion.V2)
        {
            string enable = string.Join(' ', Needed.Select(name => "+" + name));
            new Cgroup(mounts.V2!).Write("cgroup.subtree_control", enable);
            Roots().Single().Write("cgroup.subtree_control", enable);
        }
    }

    /// <summary>Removes what <see cref="Prepare"/> made, unless a sandbox is in it.</summary>
    public void Retire()
    {
        foreach (Cgroup root in AllRoots())
        {
            root.TryRemove();
        }
    }

    /// <summary>The sandbox's cgroup as an OCI bundle names it in <c>linux.cgroupsPath</c>.</summary>
    public string PathFor(SandboxId id) => $"/{options.Root}/{id.Value}";

    /// <summary>Makes the cgroups of a sandbox and sets their limits; those that exist are set again.</summary>
    /// <exception cref="IOException">A limit is refused; nothing is left then.</exception>
    public void Make(SandboxId id, SandboxResources resources)
    {
        try
        {
            foreach (Cgroup root in Roots())
            {
                Below(root, id).Create();
            }

            IReadOnlyList<CgroupSetting> settings = mounts.Version == CgroupVersion.V2
                ? SandboxLimits.V2(resources, options)
                : SandboxLimits.V1(resources, options);
            foreach (CgroupSetting setting in settings)
            {
                Cgroup cgroup = Below(RootOf(setting.Controller), id);
                if (!setting.Optional || cgroup.Has(setting.File))
                {
                    cgroup.Write(setting.File, setting.Value);
                }
            }
        }
        catch
        {
            foreach (Cgroup cgroup in AllOf(id))
            {
                cgroup.TryRemove();
            }

            throw;
        }
    }

    /// <summary>The processes of a sandbox on the host; empty when it has none or does not exist.</summary>
    public IReadOnlyList<int> Pids(SandboxId id) => [.. AllOf(id).SelectMany(cgroup => cgroup.Pids()).Distinct()];

    /// <summary>What makes the processes of a sandbox stand still.</summary>
    public CgroupFreezer FreezerOf(SandboxId id) => new(mounts.Version, Below(RootOf("freezer"), id));

    /// <summary>How many processes of a sandbox the kernel has killed for want of memory; 0 when its cgroup is gone.</summary>
    public long OutOfMemoryKills(SandboxId id)
    {
        Cgroup cgroup = Below(RootOf("memory"), id);
        string file = mounts.Version == CgroupVersion.V2 ? "memory.events" : "memory.oom_control";
        try
        {
            return Cgroup.ParseValue(cgroup.Read(file), "oom_kill");
        }
        catch (IOException)
        {
            return 0;
        }
    }

    /// <summary>What the processes of a sandbox use; of the memory, what its runtime has for itself is taken off the limit.</summary>
    /// <exception cref="IOException">It has no cgroup.</exception>
    public CgroupUsage Usage(SandboxId id)
    {
        CgroupUsage usage = CgroupUsage.Read(mounts.Version, controller =>
            mounts.Version == CgroupVersion.V2 || mounts.V1.ContainsKey(controller) ? Below(RootOf(controller), id) : null);
        return usage with { MemoryLimit = usage.MemoryLimit - ((long)options.RuntimeOverheadMb << 20) };
    }

    /// <summary>Kills every process of a sandbox and waits until they have ended. Safe to repeat.</summary>
    /// <exception cref="TimeoutException">Some were still there after 10 seconds.</exception>
    public async Task KillAsync(SandboxId id)
    {
        using var limit = new CancellationTokenSource(KillLimit);
        try
        {
            while (Pids(id) is { Count: > 0 } pids)
            {
                Task ended = AllEndedAsync(pids, limit.Token);
                await KillOnceAsync(id, limit.Token);

                // New ones may have been forked meanwhile: look again soon, whether or not all of these ended.
                await Task.WhenAny(ended, Task.Delay(RoundLimit, limit.Token));
                limit.Token.ThrowIfCancellationRequested();
                await LetGoAsync(id, pids, limit.Token);
            }
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"processes {string.Join(", ", Pids(id))} of sandbox {id} live on {KillLimit.TotalSeconds} s after SIGKILL");
        }
    }

    /// <summary>Removes the sandbox's cgroups, also those that the runtime has added; kills what is in them. Safe to repeat.</summary>
    /// <exception cref="TimeoutException">A process does not end.</exception>
    public async Task RemoveAsync(SandboxId id)
    {
        if (!TryRemove(id))
        {
            await KillAsync(id);

            // A cgroup empties a little after the last process was seen to end.
            for (var left = KillLimit; !TryRemove(id); left -= Pause)
            {
                if (left <= TimeSpan.Zero)
                {
                    throw new TimeoutException($"the cgroups {PathFor(id)} stay busy");
                }

                await Task.Delay(Pause);
            }
        }
    }

    private bool TryRemove(SandboxId id)
    {
        bool gone = true;
        foreach (Cgroup cgroup in AllOf(id))
        {
            gone &= cgroup.TryRemove();
        }

        return gone;
    }

    private Task KillOnceAsync(SandboxId id, CancellationToken cancellation)
    {
        if (mounts.Version == CgroupVersion.V2)
        {
            Cgroup cgroup = Below(Roots().Single(), id);
            if (cgroup.Has("cgroup.kill"))
            {
                cgroup.Write("cgroup.kill", "1");
            }
            else
            {
                // Before Linux 5.14.
                KillEach(cgroup);
            }

            return Task.CompletedTask;
        }

        return KillFrozenAsync(id, Below(RootOf("freezer"), id), cancellation);
    }

    // Frozen, it can neither fork away from under the loop nor free a pid for somebody else to get. A task that waits
    // for a disk freezes late, but does not fork meanwhile either.
    private async Task KillFrozenAsync(SandboxId id, Cgroup freezer, CancellationToken cancellation)
    {
        if (!freezer.Exists)
        {
            KillEach(id);
            return;
        }

        freezer.Write("freezer.state", "FROZEN");
        try
        {
            for (TimeSpan left = FreezeLimit; freezer.Read("freezer.state") != "FROZEN" && left > TimeSpan.Zero; left -= Pause)
            {
                await Task.Delay(Pause, cancellation);
            }

            KillEach(id);
        }
        finally
        {
            freezer.Write("freezer.state", "THAWED");
        }
    }

    private void KillEach(SandboxId id)
    {
        foreach (Cgroup cgroup in AllOf(id))
        {
            KillEach(cgroup);
        }
    }

    private static void KillEach(Cgroup cgroup)
    {
        foreach (int pid in cgroup.Pids())
        {
            using SafeFileHandle? process = Pidfd.TryOpen(pid);
            if (process is not null)
            {
                Pidfd.Signal(process, Signals.SIGKILL);
            }
        }
    }

    private static Task AllEndedAsync(IReadOnlyList<int> pids, CancellationToken cancellation) =>
        Task.WhenAll(pids.Select(pid => ProcessExits.WaitAsync(pid, expectedStartTicks: null, cancellation)));

    // Between its end and its leaving the cgroup a process is still listed.
    private async Task LetGoAsync(SandboxId id, IReadOnlyList<int> killed, CancellationToken cancellation)
    {
        for (TimeSpan left = RoundLimit; left > TimeSpan.Zero && Pids(id).Intersect(killed).Any(); left -= Pause)
        {
            await Task.Delay(Pause, cancellation);
        }
    }

    // Where Atoll makes cgroups: one directory per hierarchy, though controllers may share one.
    private IEnumerable<Cgroup> Roots() => mounts.Version == CgroupVersion.V2
        ? [new Cgroup(Path.Combine(mounts.V2!, options.Root))]
        : NeededV1.Append("cpuacct").Where(mounts.V1.ContainsKey).Select(name => mounts.V1[name]).Distinct()
            .Select(mount => new Cgroup(Path.Combine(mount, options.Root)));

    private Cgroup RootOf(string controller) =>
        mounts.Version == CgroupVersion.V2 ? Roots().Single() : new Cgroup(Path.Combine(mounts.V1[controller], options.Root));

    // The runtime makes its own of this name in every version 1 hierarchy in which it finds none.
    private IEnumerable<Cgroup> AllRoots() => (mounts.Version == CgroupVersion.V2 ? [mounts.V2!] : mounts.V1.Values.Distinct())
        .Select(mount => new Cgroup(Path.Combine(mount, options.Root)));

    private IEnumerable<Cgroup> AllOf(SandboxId id) => AllRoots().Select(root => Below(root, id));

    private static Cgroup Below(Cgroup root, SandboxId id) => new(Path.Combine(root.Path, id.Value));
}
