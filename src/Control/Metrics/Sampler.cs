using System.Collections.Concurrent;
using Atoll.Control.Stores;
using Atoll.Domain;
using Atoll.Domain.Metrics;
using Atoll.Domain.Nodes;
using Atoll.Domain.Sandboxes;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Atoll.Control.Metrics;

/// <summary>
/// Looks at every running sandbox each time the clock passes a multiple of the interval, so that all samples of all sandboxes lie
/// on one grid, and stores the round as one write. A sandbox that does not answer has no sample, and is not asked again before it
/// does; a round that cannot be stored is lost.
/// </summary>
internal sealed partial class Sampler(MetricStore store, INode node, TimeProvider time, ILogger<Sampler> log) : BackgroundService
{
    private const int AtOnce = 32;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    private readonly ConcurrentDictionary<SandboxId, Task<SandboxStats>> _asked = new();
    private Dictionary<SandboxId, (SandboxStats Stats, SandboxMetric Metric)> _last = [];

    /// <summary>The newest sample of a sandbox that ran in the last round; null when there is none.</summary>
    public SandboxMetric? Latest(SandboxId id) =>
        Volatile.Read(ref _last).TryGetValue(id, out (SandboxStats Stats, SandboxMetric Metric) last) ? last.Metric : null;

    /// <summary>One round.</summary>
    /// <param name="at">Its moment, on the grid.</param>
    public async Task SampleAsync(DateTimeOffset at, CancellationToken cancellation)
    {
        var round = new ConcurrentDictionary<SandboxId, (SandboxStats Stats, SandboxMetric Metric)>();
        using var bound = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, cancellation);
        var atOnce = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellation };
        await Parallel.ForEachAsync(store.Running(), atOnce, async (sandbox, _) =>
        {
            if (await AskAsync(sandbox.Id, either.Token) is { } stats)
            {
                round[sandbox.Id] = (stats, Metric(sandbox.Id, sandbox.CpuCount, stats, at));
            }
        });
        Volatile.Write(ref _last, new(round));
        await store.AppendAsync(at, [.. round.Select(one => (one.Key, one.Value.Metric))]);
    }

    /// <summary>The moment of the grid that is nearest.</summary>
    internal static DateTimeOffset OnGrid(DateTimeOffset moment)
    {
        long grid = ISandboxMetrics.Interval.Ticks;
        return new DateTimeOffset((moment.UtcTicks + (grid / 2)) / grid * grid, TimeSpan.Zero);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            DateTimeOffset next = OnGrid(time.GetUtcNow() + (ISandboxMetrics.Interval / 2));
            try
            {
                await Task.Delay(next - time.GetUtcNow() is var wait && wait > TimeSpan.Zero ? wait : ISandboxMetrics.Interval, time, stoppingToken);
                await SampleAsync(OnGrid(time.GetUtcNow()), stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                LogRoundLost(e);
            }
        }
    }

    /// <summary>Null when it has ended, or does not answer in time.</summary>
    private async Task<SandboxStats?> AskAsync(SandboxId id, CancellationToken cancellation)
    {
        if (_asked.TryGetValue(id, out Task<SandboxStats>? earlier) && !earlier.IsCompleted)
        {
            return null;
        }

        Task<SandboxStats> asked = Task.Run(() => node.StatsAsync(id, cancellation), CancellationToken.None);
        _asked[id] = asked;
        try
        {
            return await asked.WaitAsync(cancellation);
        }
        catch (Exception e) when (e is OperationCanceledException || e is FaultException { Fault.Code: FaultCode.AgentUnavailable })
        {
            return null;
        }
        finally
        {
            if (asked.IsCompleted)
            {
                _asked.TryRemove(KeyValuePair.Create(id, asked));
            }
            else
            {
                // Whatever it ends with has come too late.
                _ = asked.ContinueWith(
                    late => _ = _asked.TryRemove(KeyValuePair.Create(id, late)) && late.Exception is null, TaskScheduler.Default);
            }
        }
    }

    /// <summary>Its use of the processors is that since the last round: others who ask the node meanwhile do not change it.</summary>
    private SandboxMetric Metric(SandboxId id, int processors, SandboxStats stats, DateTimeOffset at)
    {
        double percent = stats.CpuUsedPercent;
        if (_last.TryGetValue(id, out (SandboxStats Stats, SandboxMetric Metric) last) && stats.At > last.Stats.At && stats.CpuTime >= last.Stats.CpuTime)
        {
            percent = (stats.CpuTime - last.Stats.CpuTime) / (stats.At - last.Stats.At) / processors * 100;
        }

        return SampledMetrics.Of(stats, at) with { CpuUsedPercent = Math.Clamp(percent, 0, 100) };
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "a round of samples of what sandboxes use is lost")]
    private partial void LogRoundLost(Exception e);
}
