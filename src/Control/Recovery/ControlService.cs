using System.Threading.Channels;
using Atoll.Control.Sandboxes;
using Atoll.Control.Stores;
using Atoll.Control.Tenancy;
using Atoll.Domain.Nodes;
using Atoll.Domain.Sandboxes;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Atoll.Control.Recovery;

/// <summary>
/// Opens the store and recovers before the server answers its first request; while it runs, hears of lost
/// sandboxes, reconciles, writes down when keys were used and removes what was kept for long enough.
/// </summary>
internal sealed partial class ControlService(
    Database database, Ballast ballast, TenancyAdmin tenancy, ApiKeys keys, SandboxDirectory directory, StartRecovery recovery,
    Reconciler reconciler, StoreUpkeep upkeep, INode node, TimeProvider time, ControlOptions options, ILogger<ControlService> log)
    : IHostedService, IAsyncDisposable
{
    private readonly Channel<bool> _signals = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private readonly CancellationTokenSource _stopping = new();
    private ITimer? _timer;
    private Task _loops = Task.CompletedTask;

    /// <summary>Makes the reconciler look soon; any number of signals before it does are one.</summary>
    public void Signal() => _signals.Writer.TryWrite(true);

    public async Task StartAsync(CancellationToken cancellation)
    {
        database.Open();
        RestoreBallast();
        await tenancy.MakeRootAsync();
        await recovery.RunAsync(cancellation);
        directory.Wheel.Start();
        directory.IdleWheel.Start();
        _loops = Task.WhenAll(ReconcileAsync(), HearLostAsync());
        _timer = time.CreateTimer(_ => Signal(), null, options.ReconcileInterval, options.ReconcileInterval);
        Signal();
    }

    /// <summary>Takes its own time: of the host's, requests that end slowly may have left nothing.</summary>
    public async Task StopAsync(CancellationToken cancellation)
    {
        using var bound = new CancellationTokenSource(options.StopTimeout, time);
        _timer?.Dispose();
        _stopping.Cancel();
        await directory.StopAsync(bound.Token);
        await _loops.WaitAsync(bound.Token);
        await keys.FlushAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _timer?.Dispose();
        await _stopping.CancelAsync();
    }

    private void RestoreBallast()
    {
        try
        {
            ballast.Restore();
        }
        catch (IOException e)
        {
            LogNoBallast(e);
        }
    }

    private async Task ReconcileAsync()
    {
        await foreach (bool _ in ReadAsync(_signals.Reader))
        {
            try
            {
                await reconciler.RunAsync(_stopping.Token);
                await keys.FlushAsync();
                RestoreBallast();
                await upkeep.RunAsync();
            }
            catch (Exception e) when (!_stopping.IsCancellationRequested)
            {
                LogReconcileFailed(e);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task HearLostAsync()
    {
        await foreach (SandboxLost lost in ReadAsync(node.Lost))
        {
            directory.Tell(lost.Id, new SandboxCommand.Lost(lost.Reason), "node");
        }
    }

    private async IAsyncEnumerable<T> ReadAsync<T>(ChannelReader<T> reader)
    {
        while (true)
        {
            try
            {
                if (!await reader.WaitToReadAsync(_stopping.Token))
                {
                    yield break;
                }
            }
            catch (OperationCanceledException)
            {
                yield break;
            }

            while (reader.TryRead(out T? item))
            {
                yield return item;
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "reconciling failed; it is tried again at the next signal")]
    private partial void LogReconcileFailed(Exception e);

    [LoggerMessage(Level = LogLevel.Warning, Message = "the ballast file could not be made; it is tried again later")]
    private partial void LogNoBallast(Exception e);
}
