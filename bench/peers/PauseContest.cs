using System.Diagnostics;
using Atoll.Load;
using Atoll.Sdk;

namespace Atoll.Peers;

/// <summary>
/// Pause, resume, fork and snapshot of a sandbox whose program holds so much memory, beside what the runsc commands take
/// that do the same without a server, in interleaved rounds. Atoll's clock stops at the reply.
/// </summary>
internal sealed class PauseContest(AtollClient client, string template, string rootfs, int megabytes)
{
    private const int MemoryFactor = 2;
    private const int LeastMemory = 512;
    private static readonly int[] s_forks = [1, 10];

    public Sample Pause { get; } = new($"pause, {megabytes} MB");

    public Sample Resume { get; } = new($"resume, {megabytes} MB");

    public Sample Snapshot { get; } = new($"snapshot create, {megabytes} MB");

    public IReadOnlyDictionary<int, Sample> Forks { get; } = s_forks.ToDictionary(count => count, count => new Sample($"fork into {count}, {megabytes} MB"));

    public Sample RawPause { get; } = new("runsc checkpoint, without the container's removal");

    public Sample RawResume { get; } = new("runsc restore");

    public Sample RawSnapshot { get; } = new("runsc checkpoint -leave-running");

    /// <summary>What was measured, each beside what runsc takes for it.</summary>
    public IEnumerable<Race> Races() =>
    [
        new Race(Pause.Name, Pause, [RawPause]),
        new Race(Resume.Name, Resume, [RawResume]),
        new Race(Snapshot.Name, Snapshot, [RawSnapshot]),
        .. Forks.Values.Where(fork => fork.Distribution.Count > 0).Select(fork => new Race(fork.Name, fork, [RawSnapshot, RawResume])),
    ];

    /// <param name="manyForks">Whether there is memory enough for ten.</param>
    public async Task MeasureAsync(int rounds, int warmUp, bool manyForks, CancellationToken cancellation)
    {
        string id = await HoldAsync(cancellation);
        await using var raw = new RawRunsc(rootfs, megabytes);
        try
        {
            await raw.StartAsync(cancellation);
            for (int round = -warmUp; round < rounds; round++)
            {
                await RoundAsync(id, raw, round >= 0, manyForks, cancellation);
            }
        }
        finally
        {
            await client.Sandboxes.DeleteAsync(id, force: true, CancellationToken.None);
        }
    }

    private async Task RoundAsync(string id, RawRunsc raw, bool record, bool manyForks, CancellationToken cancellation)
    {
        await TimeAsync(Pause, record, () => client.Sandboxes.PauseAsync(id, cancellation: cancellation));
        await TimeAsync(Resume, record, () => client.Sandboxes.ResumeAsync(id, cancellation: cancellation));
        await TimeAsync(RawPause, record, raw.CheckpointAsync);
        await raw.DeleteAsync();
        await TimeAsync(RawResume, record, raw.RestoreAsync);
        string snapshot = "";
        await TimeAsync(Snapshot, record, async () => snapshot = (await client.Sandboxes.SnapshotAsync(id, cancellation: cancellation)).SnapshotId);
        await client.Snapshots.DeleteAsync(snapshot, cancellation);
        await TimeAsync(RawSnapshot, record, raw.CheckpointAsync);
        raw.Tidy();
        foreach (int count in s_forks.Where(count => count == 1 || manyForks))
        {
            IReadOnlyList<Sandbox> copies = [];
            await TimeAsync(Forks[count], record, async () =>
                copies = await client.Sandboxes.ForkAsync(id, new ForkSandboxRequest { Count = count }, cancellation));
            foreach (Sandbox copy in copies)
            {
                await client.Sandboxes.DeleteAsync(copy.SandboxId, force: true, cancellation);
            }
        }
    }

    /// <summary>A sandbox whose program holds the memory.</summary>
    private async Task<string> HoldAsync(CancellationToken cancellation)
    {
        int memory = Math.Max(LeastMemory, MemoryFactor * megabytes);
        Sandbox sandbox = await client.Sandboxes.CreateAsync(
            new CreateSandboxRequest { Template = template, Timeout = 3600, MemoryMb = memory }, cancellation);
        string[] holder = RawRunsc.Holder(megabytes);
        string command = $"setsid {holder[0]} {holder[1]} \"$PROGRAM\" >/dev/null 2>&1 </dev/null & while [ ! -e /tmp/ready ]; do sleep 0.1; done";
        ExecResult result = await client.Sandboxes.RunAsync(
            sandbox.SandboxId, new ExecRequest { Command = command, Env = new Dictionary<string, string> { ["PROGRAM"] = holder[2] } }, cancellation: cancellation);
        return result.ExitCode == 0 ? sandbox.SandboxId : throw new PeerException($"the program that holds memory did not start: {result.StderrText}");
    }

    private static async Task TimeAsync(Sample sample, bool record, Func<Task> once)
    {
        long started = Stopwatch.GetTimestamp();
        await once();
        if (record)
        {
            sample.AddSince(started);
        }
    }
}
