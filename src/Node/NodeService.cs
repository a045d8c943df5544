using Atoll.Node.Recovery;
using Atoll.Node.Runtimes;
using Atoll.Node.Templates;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Atoll.Node;

/// <summary>
/// Makes this machine ready before the server answers: takes the data directory's lock, prepares what all sandboxes share,
/// and starts a probe sandbox, so that a machine that cannot run sandboxes says so at once and not to the first user.
/// </summary>
internal sealed partial class NodeService(
    NodeOptions options, IRuntimeDriver driver, LaunchJournal journal, TemplateStore templates, ILogger<NodeService> log) : IHostedService, IDisposable
{
    private static readonly TimeSpan s_probeLimit = TimeSpan.FromSeconds(60);
    private InstanceLock? _lock;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _lock = InstanceLock.Take(options.DataDirectory);
        journal.RemoveUnfinished();
        foreach (RefusedTemplate refused in templates.Refused)
        {
            LogRefused(refused.Path, refused.Reason);
        }

        await driver.PrepareAsync(cancellationToken);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(s_probeLimit);
        RuntimeProbe probe = await driver.ProbeAsync(limit.Token);
        if (!probe.Usable)
        {
            throw new InvalidOperationException($"runtime {driver.Name} does not work here: {probe.Problem}. Remedy: {probe.Remedy}. 'atoll doctor' tells more.");
        }

        LogReady(driver.Name, probe.Detail);
    }

    /// <summary>Sandboxes run on; the next server adopts them. Where there are none, nothing of Atoll is left running.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (journal.List().Count > 0)
        {
            return;
        }

        try
        {
            await driver.RetireAsync();
        }
        catch (IOException e)
        {
            // Harmless: the next start makes ready again, and the next stop tries again.
            LogNotRetired(e, driver.Name);
        }
    }

    public void Dispose() => _lock?.Dispose();

    [LoggerMessage(Level = LogLevel.Warning, Message = "Runtime {Driver} left something of its preparations on this machine")]
    private partial void LogNotRetired(Exception e, string driver);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Path} is not a usable template and is left out: {Reason}")]
    private partial void LogRefused(string path, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Runtime {Driver} is ready: {Detail}")]
    private partial void LogReady(string driver, string detail);
}
