using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Atoll.Domain.Nodes;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Templates;
using Atoll.Node.Runtimes;
using Microsoft.Extensions.Hosting;

namespace Atoll.Node.Templates.Roots;

/// <summary>The roots on this machine, made by tar and umoci in a <see cref="Confinement"/>.</summary>
internal sealed class TemplateRoots(RootStore store, Confinement confinement, HostProcesses processes, INode node) : ITemplateRoots, IHostedService
{
    private static readonly TimeSpan UnpackLimit = TimeSpan.FromMinutes(20);
    private static readonly TimeSpan RemoveLimit = TimeSpan.FromMinutes(10);

    // Devices are of no use in a sandbox, which has its own; the last line is the bytes on the disk.
    internal const string Finish =
        """
        cd rootfs
        for d in proc sys dev run tmp .atoll etc; do [ -e "$d" ] || [ -L "$d" ] || mkdir -- "$d"; done
        [ -L tmp ] || chmod 1777 tmp
        [ -L .atoll ] || { [ -e .atoll/agent ] || : > .atoll/agent; }
        find . -xdev \( -type b -o -type c \) -delete
        du --summarize --block-size=1 --one-file-system . | cut -f1
        """;

    private const string Unpack =
        """
        mkdir rootfs
        tar --extract --file=archive.tar --directory=rootfs --numeric-owner --same-owner --preserve-permissions --delay-directory-restore 2>&1 | tail -c 500 >&2
        rm archive.tar
        [ -L rootfs/etc ] || [ -e rootfs/etc/machine-id ] || { mkdir -p rootfs/etc && : > rootfs/etc/machine-id; }

        """ + Finish;

    public async Task StartAsync(CancellationToken cancellation)
    {
        foreach (string half in store.Halves())
        {
            await RemoveTreeAsync(half);
        }
    }

    public Task StopAsync(CancellationToken cancellation) => Task.CompletedTask;

    public Task<MadeRoot> CaptureAsync(SandboxId sandbox, long limit, CancellationToken cancellation) => MakeAsync(async half =>
    {
        string archive = Path.Combine(half, "archive.tar");
        string digest = await GuestArchive.FetchAsync(node.Agent(sandbox), archive, limit, cancellation);
        await using (FileStream file = File.OpenRead(archive))
        {
            await new ArchiveBounds(limit).CountAsync(file, cancellation);
        }

        long bytes = await UnpackAsync(half, Unpack, [], cancellation);
        return store.Complete(half, IdOf("capture", digest), bytes, null);
    });

    public IReadOnlyList<TemplateId> List() => store.List();

    public async Task RemoveAsync(TemplateId root, CancellationToken cancellation)
    {
        if (store.TakeAway(root) is { } half)
        {
            await RemoveTreeAsync(half);
        }
    }

    internal static TemplateId IdOf(string kind, string digest) =>
        new("tpl-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{kind}\n{digest}")))[..20]);

    private async Task<MadeRoot> MakeAsync(Func<string, Task<MadeRoot>> fill)
    {
        string half = store.Begin();
        try
        {
            return await fill(half);
        }
        finally
        {
            if (Directory.Exists(half))
            {
                await RemoveTreeAsync(half);
            }
        }
    }

    private async Task<long> UnpackAsync(string half, string script, IReadOnlyList<string> arguments, CancellationToken cancellation)
    {
        string output = await confinement.RunAsync(half, script, arguments, UnpackLimit, cancellation);
        await RunAsync("sync", ["--file-system", half], UnpackLimit, cancellation);
        return long.Parse(output.Trim().Split('\n')[^1], CultureInfo.InvariantCulture);
    }

    /// <summary>Never crosses into another file system, should somebody have mounted one there.</summary>
    private Task RemoveTreeAsync(string path) => RunAsync("rm", ["-rf", "--one-file-system", "--", path], RemoveLimit, CancellationToken.None);

    private async Task RunAsync(string program, IReadOnlyList<string> arguments, TimeSpan limit, CancellationToken cancellation)
    {
        ProgramResult result = await processes.RunAsync(program, arguments, limit, cancellation);
        if (result.ExitCode != 0)
        {
            throw new IOException($"{program} failed with status {result.ExitCode}: {result.Output}");
        }
    }
}
