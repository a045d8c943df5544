using System.Diagnostics;
using Atoll.Load;
using Atoll.Sdk;

namespace Atoll.Peers;

/// <summary>
/// Measures Atoll and its peers in interleaved rounds, so that whatever else the machine does meets all of them alike:
/// round 1: atoll, bwrap, crun, …; round 2: atoll, bwrap, crun, …
/// </summary>
internal sealed class Contest(Scenarios? atoll, IReadOnlyList<Peer> peers, int warmUp)
{
    private readonly Dictionary<Peer, (Sample Run, Sample Exec)> _samples =
        peers.ToDictionary(peer => peer, peer => (new Sample(peer.Name), new Sample(peer.ExecName)));

    /// <summary>Why each peer that is not measured is not.</summary>
    public List<string> Skipped { get; } = [];

    public IEnumerable<Sample> Runs => _samples.Values.Select(pair => pair.Run).Where(HasBeenMeasured);

    public IEnumerable<Sample> Execs => _samples.Values.Select(pair => pair.Exec).Where(HasBeenMeasured);

    public async Task MeasureAsync(int rounds, CancellationToken cancellation)
    {
        List<Peer> ready = [];
        string? sandbox = null;
        try
        {
            foreach (Peer peer in peers)
            {
                await ProbeAsync(peer, ready);
            }
            for (int round = -warmUp; round < rounds; round++)
            {
                await RunRoundAsync(ready, round >= 0, cancellation);
            }
            sandbox = atoll is null ? null : await atoll.StartAsync(cancellation);
            await HoldAllAsync(ready);
            for (int round = -warmUp; round < rounds; round++)
            {
                await ExecRoundAsync(sandbox, ready, round >= 0, cancellation);
            }
        }
        finally
        {
            await (atoll?.EndAsync(sandbox) ?? Task.CompletedTask);
            foreach (Peer peer in peers)
            {
                await peer.DisposeAsync();
            }
        }
    }

    private async Task ProbeAsync(Peer peer, List<Peer> ready)
    {
        if (!Tool.IsInstalled(peer.Program))
        {
            Skipped.Add($"{peer.Name}: {peer.Program} is not installed");
            return;
        }
        try
        {
            await peer.PrepareAsync();
            Check(await peer.RunAsync());
            ready.Add(peer);
        }
        catch (PeerException exception)
        {
            Skipped.Add($"{peer.Name}: {exception.Message}");
        }
    }

    private async Task RunRoundAsync(List<Peer> ready, bool record, CancellationToken cancellation)
    {
        await (atoll?.CreateOnceAsync(record, cancellation) ?? Task.CompletedTask);
        foreach (Peer peer in ready)
        {
            cancellation.ThrowIfCancellationRequested();
            await TimeAsync(_samples[peer].Run, peer.RunAsync, record);
        }
    }

    private async Task ExecRoundAsync(string? sandbox, List<Peer> ready, bool record, CancellationToken cancellation)
    {
        if (sandbox is not null)
        {
            await atoll!.ExecOnceAsync(sandbox, record, cancellation);
        }
        foreach (Peer peer in ready.Where(peer => peer.CanExec))
        {
            cancellation.ThrowIfCancellationRequested();
            await TimeAsync(_samples[peer].Exec, peer.ExecAsync, record);
        }
    }

    private async Task HoldAllAsync(List<Peer> ready)
    {
        foreach (Peer peer in ready.Where(peer => peer.CanExec).ToArray())
        {
            try
            {
                await peer.HoldAsync();
            }
            catch (PeerException exception)
            {
                Skipped.Add($"{peer.ExecName}: {exception.Message}");
                ready.Remove(peer);
            }
        }
    }

    private static async Task TimeAsync(Sample sample, Func<Task<string>> once, bool record)
    {
        try
        {
            long started = Stopwatch.GetTimestamp();
            Check(await once());
            if (record)
            {
                sample.AddSince(started);
            }
        }
        catch (PeerException exception) when (record)
        {
            sample.Fail(exception.Message);
        }
        catch (PeerException)
        {
            // A warm-up round counts for nothing.
        }
    }

    private static void Check(string output)
    {
        if (output.TrimEnd('\r', '\n') != "hi")
        {
            throw new PeerException($"said '{output}' instead of 'hi'");
        }
    }

    private static bool HasBeenMeasured(Sample sample) => sample.Distribution.Count + sample.Distribution.Failures > 0;
}
