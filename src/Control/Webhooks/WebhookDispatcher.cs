using System.Threading.Channels;
using Atoll.Control.Stores;
using Atoll.Domain.Events;
using Atoll.Domain.Webhooks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Atoll.Control.Webhooks;

/// <summary>
/// Delivers what is in the queue: one lane for each webhook that has something to deliver, which takes the oldest, tries it until
/// it is delivered or given up, and then the next. The queue is on disk, so a server that is killed goes on where it was; what
/// was under way then is delivered again.
/// <code>
///   event committed -> DeliverySignal -> lane of the webhook:  head -> wait until due -> slot of its host -> POST -> record -+
///                                                               ^----------------------------------------------------------+
/// </code>
/// </summary>
internal sealed partial class WebhookDispatcher(
    DeliveryStore queue, EventStore events, WebhookSender sender, DeliverySignal signal, TimeProvider time, ControlOptions options,
    ILogger<WebhookDispatcher> log) : IHostedService, IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Lane> _lanes = [];
    private readonly HostSlots _slots = new(options.Webhooks.ConcurrentPerHost, options.Webhooks.Concurrent);
    private readonly CancellationTokenSource _stopping = new();

    public Task StartAsync(CancellationToken cancellationToken)
    {
        signal.Due += Wake;
        foreach (string webhook in queue.Waiting())
        {
            Wake(webhook);
        }

        return Task.CompletedTask;
    }

    /// <summary>Breaks attempts off: they are made again at the next start.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        signal.Due -= Wake;
        await _stopping.CancelAsync();
        Task[] lanes;
        lock (_lock)
        {
            lanes = [.. _lanes.Values.Select(lane => lane.Run)];
        }

        await Task.WhenAll(lanes).WaitAsync(cancellationToken);
    }

    public void Dispose()
    {
        signal.Due -= Wake;
        _stopping.Cancel();
        _slots.Dispose();
    }

    private void Wake(string webhook)
    {
        lock (_lock)
        {
            if (_stopping.IsCancellationRequested)
            {
                return;
            }

            if (_lanes.TryGetValue(webhook, out Lane? lane))
            {
                lane.Wake();
                return;
            }

            lane = new Lane(webhook);
            _lanes[webhook] = lane;
            lane.Run = Task.Run(() => RunAsync(lane));
        }
    }

    private async Task RunAsync(Lane lane)
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                if (!await StepAsync(lane))
                {
                    return;
                }
            }
            catch (Exception) when (_stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                LogLaneBroken(e, lane.Webhook);
                lane.TakeNews();
                await lane.WaitAsync(time.GetUtcNow() + options.Webhooks.FirstRetry, time, _stopping.Token);
            }
        }
    }

    /// <summary>Does one thing for the oldest delivery; false when there is none and the lane is gone.</summary>
    private async Task<bool> StepAsync(Lane lane)
    {
        if (queue.Head(lane.Webhook) is not { } head)
        {
            return !TryEnd(lane);
        }

        if (head.Delivery.NextAttemptAt is { } due && due > time.GetUtcNow())
        {
            await lane.WaitAsync(due, time, _stopping.Token);
            return true;
        }

        AttemptOutcome outcome;
        using (await _slots.EnterAsync(new Uri(head.Webhook.Url).Authority, _stopping.Token))
        {
            outcome = events.Find(head.Sequence) is { } logged
                ? await sender.SendAsync(head.Webhook, head.Delivery, logged, _stopping.Token)
                : new AttemptOutcome(null, DeliveryStore.EventGone, TimeSpan.Zero);
        }

        await queue.RecordAsync(head, outcome, time.Now(), Random.Shared.NextDouble());
        return true;
    }

    // What came in since the look at the queue keeps the lane.
    private bool TryEnd(Lane lane)
    {
        lock (_lock)
        {
            if (lane.TakeNews())
            {
                return false;
            }

            _lanes.Remove(lane.Webhook);
            return true;
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Webhook}: its deliveries could not be seen to; it is tried again")]
    private partial void LogLaneBroken(Exception e, string webhook);

    private sealed class Lane(string webhook)
    {
        private readonly Channel<bool> _news = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

        public string Webhook => webhook;

        public Task Run { get; set; } = Task.CompletedTask;

        public void Wake() => _news.Writer.TryWrite(true);

        public bool TakeNews() => _news.Reader.TryRead(out _);

        /// <summary>Until there is news, and not longer than until a moment.</summary>
        public async Task WaitAsync(DateTimeOffset until, TimeProvider time, CancellationToken cancellation)
        {
            double longest = Math.Ceiling(Math.Max(0, (until - time.GetUtcNow()).TotalMilliseconds));
            using var bound = new CancellationTokenSource(TimeSpan.FromMilliseconds(longest), time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, cancellation);
            if (time.GetUtcNow() >= until)
            {
                // The clock was set while the timer was.
                return;
            }

            try
            {
                await _news.Reader.ReadAsync(either.Token);
            }
            catch (OperationCanceledException)
            {
            }
        }
    }
}
