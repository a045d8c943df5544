using Atoll.Control.Stores;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Atoll.Control.Events;

/// <summary>Removes what is kept for long enough, little by little, so that no write waits for it.</summary>
internal sealed partial class EventUpkeep(EventStore events, DeliveryStore deliveries, TimeProvider time, ControlOptions options, ILogger<EventUpkeep> log) : BackgroundService
{
    private const int TrimmedAtOnce = 2000;

    /// <summary>One round.</summary>
    public async Task TrimAsync(CancellationToken cancellation)
    {
        while (await events.TrimAsync(time.Now() - options.Events.Keep, options.Events.Most, TrimmedAtOnce) == TrimmedAtOnce)
        {
            cancellation.ThrowIfCancellationRequested();
        }

        await deliveries.TrimAsync(time.Now());
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Events.TrimInterval, time);
        while (await NextAsync(timer, stoppingToken))
        {
            try
            {
                await TrimAsync(stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogNotTrimmed(e);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private static async Task<bool> NextAsync(PeriodicTimer timer, CancellationToken stopping)
    {
        try
        {
            return await timer.WaitForNextTickAsync(stopping);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "old events could not be removed; it is tried again later")]
    private partial void LogNotTrimmed(Exception e);
}
