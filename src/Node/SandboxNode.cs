using System.Collections.Concurrent;
using System.Threading.Channels;
using Atoll.Domain;
using Atoll.Domain.Nodes;
using Atoll.Domain.Processes;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Snapshots;
using Atoll.Node.Launch;
using Atoll.Node.Recovery;
using Atoll.Node.Resources;
using Atoll.Node.Runtimes;
using Microsoft.Extensions.Logging;

namespace Atoll.Node;

/// <summary>This machine as a node: one runtime driver, the sandboxes that run, the journal of what exists.</summary>
internal sealed partial class SandboxNode(
    IRuntimeDriver driver, LaunchJournal journal, LaunchFaults faults, NodeCapabilities capabilities, ILoggerFactory logs,
    TimeProvider? time = null) : INode
{
    private readonly ConcurrentDictionary<SandboxId, RunningSandbox> _running = new();
    private readonly Dictionary<SandboxId, Task> _cleaning = [];
    private readonly Channel<SandboxLost> _lost = Channel.CreateUnbounded<SandboxLost>();
    private readonly LaunchPlan _plan = new(driver.Steps, faults, logs.CreateLogger<LaunchPlan>());
    private readonly SandboxMeters _meters = new(driver.Measure, time ?? TimeProvider.System);
    private readonly ILogger _log = logs.CreateLogger<SandboxNode>();

    public string Name { get; } = Environment.MachineName;

    public NodeCapabilities Capabilities { get; } = capabilities;

    public ChannelReader<SandboxLost> Lost => _lost.Reader;

    public async Task LaunchAsync(LaunchRequest request, Action<SandboxPhase> progress, CancellationToken cancellation)
    {
        var record = new LaunchRecord(request.Id)
        {
            AllowInternetAccess = request.AllowInternetAccess,
            Template = request.Template.Value,
            Resources = request.Resources,
        };
        journal.Save(record);
        var context = new LaunchContext(request, new JournaledRecord(record, journal));
        try
        {
            await _plan.DoAsync(context, progress, cancellation);
        }
        catch (Exception e) when (e is not UndoIncompleteException)
        {
            journal.Remove(request.Id);
            throw;
        }

        Watch(request.Id, context.Running ?? throw new InvalidOperationException($"the steps of {driver.Name} started no sandbox"));
    }

    public async Task<string?> AdoptAsync(SandboxId id, CancellationToken cancellation)
    {
        if (_running.ContainsKey(id))
        {
            return null;
        }

        LaunchRecord? record = journal.Load(id);
        if (record is null)
        {
            return "nothing of it is left on the node";
        }

        try
        {
            Watch(id, await driver.AdoptAsync(record, cancellation));
            return null;
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            LogNotAdopted(e, id);
            return e is FaultException ? $"could not be taken back: {e.Message}" : "could not be taken back; the operator's log has the details";
        }
    }

    /// <remarks>Giving up the wait does not stop the work; who asks again meanwhile waits for the same work.</remarks>
    public Task CleanAsync(SandboxId id, CancellationToken cancellation)
    {
        Task? cleaning;
        lock (_cleaning)
        {
            if (!_cleaning.TryGetValue(id, out cleaning))
            {
                // Its end takes the same lock, so it cannot take itself out before it is in.
                cleaning = Task.Run(() => CleanNowAsync(id), CancellationToken.None);
                _cleaning[id] = cleaning;
            }
        }

        return cleaning.WaitAsync(cancellation);
    }

    public Task<IReadOnlyList<SandboxId>> ListAsync(CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyList<SandboxId>>([.. journal.List().Select(record => record.Id)]);

    public IAgent Agent(SandboxId id) => _running.TryGetValue(id, out RunningSandbox? running)
        ? running.Agent
        : throw NotHere(id);

    public async Task<SandboxStats> StatsAsync(SandboxId id, CancellationToken cancellation)
    {
        Agent(id);
        try
        {
            return await _meters.ReadAsync(id, cancellation);
        }
        catch (IOException e)
        {
            throw new FaultException(new Fault(FaultCode.AgentUnavailable, $"sandbox '{id}' has ended"), e);
        }
    }

    public async Task<SandboxImage> CaptureAsync(SandboxId id, ImageId image, AfterCapture after, CancellationToken cancellation) =>
        _running.TryGetValue(id, out RunningSandbox? running)
            ? await driver.Images.CaptureAsync(id, running, image, after, cancellation)
            : throw NotHere(id);

    public SandboxImage? FindImage(ImageId image) => driver.Images.Find(image);

    public IReadOnlyList<ImageId> ListImages() => driver.Images.List();

    public Task RemoveImageAsync(ImageId image, CancellationToken cancellation) => driver.Images.RemoveAsync(image, cancellation);

    private static FaultException NotHere(SandboxId id) =>
        new Fault(FaultCode.AgentUnavailable, $"sandbox '{id}' does not run on this node").AsException();

    private void Watch(SandboxId id, RunningSandbox running)
    {
        _running[id] = running;
        _ = WatchAsync(id, running);
    }

    private async Task WatchAsync(SandboxId id, RunningSandbox running)
    {
        string reason;
        try
        {
            reason = await running.Ended;
        }
        catch (Exception e)
        {
            reason = $"it could not be watched: {e.Message}";
        }

        // Absent when it ended because it was being cleaned: that releases it.
        if (!_running.TryRemove(KeyValuePair.Create(id, running)))
        {
            return;
        }

        _meters.Forget(id);
        LogLost(id, reason);
        try
        {
            await running.Release();
        }
        catch (Exception e)
        {
            LogNotReleased(e, id);
        }

        _lost.Writer.TryWrite(new SandboxLost(id, reason));
    }

    private async Task CleanNowAsync(SandboxId id)
    {
        try
        {
            _meters.Forget(id);
            if (_running.TryRemove(id, out RunningSandbox? running))
            {
                await running.Release();
            }

            if (journal.Load(id) is { } record)
            {
                await _plan.UndoAsync(new JournaledRecord(record, journal));
                journal.Remove(id);
            }
        }
        finally
        {
            lock (_cleaning)
            {
                _cleaning.Remove(id);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Sandbox} ended by itself: {Reason}")]
    private partial void LogLost(SandboxId sandbox, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Sandbox}: the connection to its agent could not be closed")]
    private partial void LogNotReleased(Exception e, SandboxId sandbox);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Sandbox} could not be adopted")]
    private partial void LogNotAdopted(Exception e, SandboxId sandbox);
}
