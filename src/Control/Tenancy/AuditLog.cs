using System.Threading.Channels;
using Atoll.Control.Stores;
using Atoll.Domain;
using Atoll.Domain.Tenancy;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Atoll.Control.Tenancy;

/// <summary>
/// Writes the audit log behind the requests: entries queue up, whatever waits is stored together, and a stop stores the rest.
/// What could not be stored is counted in the server's log.
/// </summary>
internal sealed partial class AuditLog(AuditStore store, TimeProvider time, ControlOptions options, ILogger<AuditLog> log) : IAuditLog, IHostedService
{
    private const int QueueLength = 10_000;
    private const int BatchLimit = 500;
    private const int PruneEvery = 5000;

    private readonly Channel<AuditEntry> _queue = Channel.CreateBounded<AuditEntry>(QueueLength);
    private Task _loop = Task.CompletedTask;

    public async ValueTask RecordAsync(AuditEntry entry)
    {
        try
        {
            await _queue.Writer.WriteAsync(entry);
        }
        catch (ChannelClosedException)
        {
            // A request that outlived the server's patience with it.
            LogLost(null, 1);
        }
    }

    public Task<AuditPage> ListAsync(Caller caller, AuditFilter filter, CancellationToken cancellation) => caller.IsAdmin
        ? Task.FromResult(store.List(filter))
        : throw new Fault(FaultCode.Forbidden, "this needs the role admin or root: ask who runs the server").AsException();

    public Task StartAsync(CancellationToken cancellation)
    {
        _loop = Task.Run(RunAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellation)
    {
        _queue.Writer.TryComplete();
        using var bound = new CancellationTokenSource(options.StopTimeout, time);
        await _loop.WaitAsync(bound.Token);
    }

    private async Task RunAsync()
    {
        List<AuditEntry> batch = [];
        int sincePrune = PruneEvery;
        while (await _queue.Reader.WaitToReadAsync())
        {
            while (batch.Count < BatchLimit && _queue.Reader.TryRead(out AuditEntry? entry))
            {
                batch.Add(entry);
            }

            sincePrune += batch.Count;
            bool prune = sincePrune >= PruneEvery;
            sincePrune = prune ? 0 : sincePrune;
            await StoreAsync(batch, prune);
            batch.Clear();
        }
    }

    private async Task StoreAsync(List<AuditEntry> batch, bool prune)
    {
        try
        {
            await store.AppendAsync(batch.ToArray());
            if (prune)
            {
                await store.PruneAsync(time.Now() - options.KeepAudit, options.MaxAuditEntries);
            }
        }
        catch (Exception e)
        {
            LogLost(e, batch.Count);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Count} entries of the audit log could not be stored")]
    private partial void LogLost(Exception? e, int count);
}
