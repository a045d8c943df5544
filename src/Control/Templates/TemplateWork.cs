using System.Collections.Concurrent;
using System.Threading.Channels;
using Atoll.Control.Stores;
using Atoll.Domain;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Templates;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Atoll.Control.Templates;

/// <summary>
/// What is done for templates while nobody waits: makes their roots, a few at a time, and removes the roots that no template has
/// any more. A root that was being made when the server ended is not, and its template failed, which the next start says.
/// </summary>
internal sealed partial class TemplateWork(
    CatalogueStore store, ITemplateRoots roots, TimeProvider time, ControlOptions options, ILogger<TemplateWork> log) : IHostedService, IDisposable
{
    private readonly SemaphoreSlim _turns = new(options.ConcurrentTemplateBuilds);
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<Task, bool> _building = new();
    private readonly Channel<bool> _signals = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private Task _collecting = Task.CompletedTask;
    private ITimer? _timer;

    /// <summary>Makes a template's root out of a sandbox.</summary>
    public void Capture(CatalogueTemplate template, SandboxId sandbox)
    {
        var done = new TaskCompletionSource();
        _building[done.Task] = true;
        _ = Task.Run(async () =>
        {
            try
            {
                await CaptureAsync(template, sandbox);
            }
            finally
            {
                _building.TryRemove(KeyValuePair.Create((Task)done.Task, true));
                done.SetResult();
            }
        });
    }

    /// <summary>Has roots that are of no use any more removed soon.</summary>
    public void Signal() => _signals.Writer.TryWrite(true);

    public async Task StartAsync(CancellationToken cancellation)
    {
        await store.FailUnfinishedAsync("the server stopped while it was being built: make it again", time.Now());
        _collecting = Task.Run(CollectAsync, CancellationToken.None);
        _timer = time.CreateTimer(_ => Signal(), null, options.ReconcileInterval, options.ReconcileInterval);
        Signal();
    }

    public async Task StopAsync(CancellationToken cancellation)
    {
        _timer?.Dispose();
        await _stopping.CancelAsync();
        await Task.WhenAll([_collecting, .. _building.Keys]).WaitAsync(cancellation);
    }

    public void Dispose()
    {
        _timer?.Dispose();
        _stopping.Dispose();
        _turns.Dispose();
    }

    private async Task CaptureAsync(CatalogueTemplate template, SandboxId sandbox)
    {
        try
        {
            await _turns.WaitAsync(_stopping.Token);
            try
            {
                using var bound = new CancellationTokenSource(options.TemplateBuildTimeout, time);
                using var any = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, _stopping.Token);
                long left = options.TemplateStorage - store.StorageOf(template.Owner!.Value);
                using MadeRoot root = await roots.CaptureAsync(sandbox, left, any.Token);
                await store.ChangeAsync(template.Id, now => Made(now, root));
            }
            finally
            {
                _turns.Release();
            }
        }
        catch (Exception e)
        {
            LogFailed(e, template.Id);
            await FailAsync(template.Id, e);
        }
    }

    private async Task FailAsync(TemplateId template, Exception e)
    {
        string reason = Why(e);
        try
        {
            await store.ChangeAsync(template, now => now with { Status = TemplateStatus.Failed, BuildError = reason, UpdatedAt = time.Now() });
        }
        catch (Exception stored)
        {
            // The next start says it.
            LogFailed(stored, template);
        }
    }

    private CatalogueTemplate Made(CatalogueTemplate template, MadeRoot root)
    {
        DateTimeOffset now = time.Now();
        return template with
        {
            Status = TemplateStatus.Available,
            Root = root.Id,
            ImageBytes = root.Bytes,
            BuildError = "",
            PushCompletedAt = now,
            LastStorageSyncAt = now,
            UpdatedAt = now,
        };
    }

    // Its owner reads it: nothing of the host's insides may be in it.
    private string Why(Exception e) => e switch
    {
        OperationCanceledException when _stopping.IsCancellationRequested => "the server stopped while it was being built: make it again",
        OperationCanceledException => $"it took longer than {options.TemplateBuildTimeout.TotalMinutes:0} minutes",
        FaultException fault => fault.Fault.Message,
        _ => "its files could not be stored; the operator's log has the details",
    };

    private async Task CollectAsync()
    {
        try
        {
            await foreach (bool _ in _signals.Reader.ReadAllAsync(_stopping.Token))
            {
                await CollectOnceAsync();
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
        }
    }

    private async Task CollectOnceAsync()
    {
        try
        {
            // The roots first: what is made from now on is not among them.
            IReadOnlyList<TemplateId> there = roots.List();
            await store.PurgeAsync();
            IReadOnlySet<string> used = store.Roots();
            foreach (TemplateId root in there.Where(root => !used.Contains(root.Value)))
            {
                await roots.RemoveAsync(root, _stopping.Token);
                LogRemoved(root);
            }
        }
        catch (Exception e) when (!_stopping.IsCancellationRequested)
        {
            LogNotCollected(e);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Template {Template} could not be made")]
    private partial void LogFailed(Exception e, TemplateId template);

    [LoggerMessage(Level = LogLevel.Information, Message = "Root {Root} is of no template any more: removed")]
    private partial void LogRemoved(TemplateId root);

    [LoggerMessage(Level = LogLevel.Error, Message = "Roots that are of no use any more could not be removed; it is tried again later")]
    private partial void LogNotCollected(Exception e);
}
