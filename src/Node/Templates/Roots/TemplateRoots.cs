using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Atoll.Domain.Nodes;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Templates;
using Atoll.Node.Runtimes;
using Microsoft.Extensions.Hosting;

namespace Atoll.Node.Templates.Roots;

/// <summary>The roots on this machine, made by tar in a <see cref="Confinement"/>.</summary>
internal sealed class TemplateRoots(RootStore store, Confinement confinement, HostProcesses processes, INode node, TimeProvider time)
    : ITemplateRoots, IHostedService
{
    private const int RemoveTries = 50;
    private const UnixFileMode RootMode = OwnerMode | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
    private const UnixFileMode OwnerMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private static readonly TimeSpan UnpackLimit = TimeSpan.FromMinutes(20);
    private static readonly TimeSpan RemoveLimit = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan RemovePause = TimeSpan.FromMilliseconds(100);

    // Devices are of no use in a sandbox, which has its own; the last line is the bytes on the disk.
    private const string Unpack =
        $$"""
        tar --extract --file={{Confinement.Given}} --numeric-owner --same-owner --preserve-permissions --xattrs --xattrs-include='*' --delay-directory-restore 2>&1 | tail -c 500 >&2
        [ -L etc ] || [ -e etc/machine-id ] || { mkdir -p etc && : > etc/machine-id; }
        for d in proc sys dev run tmp .atoll etc; do [ -e "$d" ] || [ -L "$d" ] || mkdir -- "$d"; done
        [ -L tmp ] || chmod 1777 tmp
        [ -L .atoll ] || { [ -e .atoll/agent ] || : > .atoll/agent; }
        find . -xdev \( -type b -o -type c \) -delete
        du --summarize --block-size=1 --one-file-system . | cut -f1
        """;

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
        string files = Path.Combine(half, RootStore.RootName);
        string digest = await GuestArchive.FetchAsync(node.Agent(sandbox), archive, limit, cancellation);
        await using (FileStream file = File.OpenRead(archive))
        {
            await new ArchiveBounds(limit).CountAsync(file, cancellation);
        }

        Directory.CreateDirectory(files, RootMode);
        string output = await confinement.RunAsync(files, archive, Unpack, UnpackLimit, cancellation);
        File.Delete(archive);
        long bytes = long.Parse(output.Trim().Split('\n')[^1], CultureInfo.InvariantCulture);
        if (bytes > limit)
        {
            throw ArchiveBounds.TooLarge(limit);
        }

        await RunAsync("sync", ["--file-system", half], UnpackLimit, cancellation);
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

    /// <summary>Never crosses into another file system, should somebody have mounted one there.</summary>
    private async Task RemoveTreeAsync(string path)
    {
        // What was killed a moment ago may write to it for some milliseconds yet.
        for (int left = RemoveTries; ; left--)
        {
            try
            {
                await RunAsync("rm", ["-rf", "--one-file-system", "--", path], RemoveLimit, CancellationToken.None);
                return;
            }
            catch (IOException) when (left > 0)
            {
                await Task.Delay(RemovePause, time);
            }
        }
    }

    private async Task RunAsync(string program, IReadOnlyList<string> arguments, TimeSpan limit, CancellationToken cancellation)
    {
        ProgramResult result = await processes.RunAsync(program, arguments, limit, cancellation);
        if (result.ExitCode != 0)
        {
            throw new IOException($"{program} failed with status {result.ExitCode}: {result.Output}");
        }
    }
}
