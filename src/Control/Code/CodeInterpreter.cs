using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text;
using Atoll.Domain;
using Atoll.Domain.Code;
using Atoll.Domain.Processes;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Templates;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Atoll.Control.Code;

/// <summary>Runs code by the Jupyter server of each sandbox, a <see cref="CodeRoom"/> for each; now and then cleans up after those who did not.</summary>
internal sealed partial class CodeInterpreter(ISandboxAgents agents, ITemplates templates, TimeProvider time, ILogger<CodeInterpreter> log)
    : BackgroundService, ICodeInterpreter
{
    private const int MaxCodeBytes = 1024 * 1024;
    private const int MaxVariables = 256;
    private const int MaxEnvironmentBytes = 256 * 1024;

    /// <summary>MiB of a sandbox's memory for each of its contexts.</summary>
    private const int MemoryOfContext = 192;

    private static readonly TimeSpan SweepInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan SweepLimit = TimeSpan.FromSeconds(10);

    private readonly JupyterStart _start = new(time);
    private readonly ConcurrentDictionary<SandboxId, CodeRoom> _rooms = new();

    public async Task<CodeContext> CreateAsync(SandboxId sandbox, string language, string workingDirectory, CancellationToken cancellation)
    {
        CodeLanguage found = CodeLanguage.Find(language);
        CheckDirectory(workingDirectory);
        using IDisposable use = agents.Use(sandbox);
        return await (await RoomAsync(sandbox, cancellation)).CreateAsync(found, language is "" ? found.Name : language, workingDirectory, cancellation);
    }

    public async Task<IReadOnlyList<CodeContext>> ListAsync(SandboxId sandbox, CancellationToken cancellation)
    {
        using IDisposable use = agents.Use(sandbox);
        return await (await RoomAsync(sandbox, cancellation)).ListAsync(cancellation);
    }

    public async Task DestroyAsync(SandboxId sandbox, string context, CancellationToken cancellation)
    {
        using IDisposable use = agents.Use(sandbox);
        await (await RoomAsync(sandbox, cancellation)).DestroyAsync(context, cancellation);
    }

    public async Task RestartAsync(SandboxId sandbox, string context, CancellationToken cancellation)
    {
        using IDisposable use = agents.Use(sandbox);
        await (await RoomAsync(sandbox, cancellation)).RestartAsync(context, cancellation);
    }

    public async IAsyncEnumerable<CodeEvent> ExecuteAsync(SandboxId sandbox, CodeRequest request, [EnumeratorCancellation] CancellationToken cancellation)
    {
        Check(request);
        using IDisposable use = agents.Use(sandbox);
        CodeRoom room = await RoomAsync(sandbox, cancellation);
        (JupyterServer server, LiveContext context) = await room.ChooseAsync(request, cancellation);
        await foreach (CodeEvent happened in context.ExecuteAsync(server, request.Code, request.Environment, cancellation))
        {
            yield return happened;
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(SweepInterval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            await Parallel.ForEachAsync(_rooms, stoppingToken, async (pair, cancellation) => await SweepAsync(pair.Key, pair.Value, cancellation));
        }
    }

    private async Task SweepAsync(SandboxId id, CodeRoom room, CancellationToken cancellation)
    {
        try
        {
            Sandbox? sandbox = await agents.FindAsync(id, cancellation);
            if (sandbox is null || sandbox.State.IsFinal() || sandbox.State is SandboxState.Terminating)
            {
                if (_rooms.TryRemove(id, out CodeRoom? gone))
                {
                    gone.Dispose();
                }

                return;
            }

            if (sandbox.State is not SandboxState.Running)
            {
                return;
            }

            room.See(sandbox);
            using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            bound.CancelAfter(SweepLimit);
            await room.SweepAsync(bound.Token);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            LogSweepFailed(e, id);
        }
    }

    private async Task<CodeRoom> RoomAsync(SandboxId id, CancellationToken cancellation)
    {
        await agents.AgentAsync(id, cancellation);
        Sandbox sandbox = await agents.FindAsync(id, cancellation) ?? throw Fault.NotFound("sandbox", id.Value).AsException();
        CodeRoom room = _rooms.GetOrAdd(id, _ => new CodeRoom(
            async (token, limit) =>
            {
                IAgent agent = await agents.AgentAsync(id, limit);
                return await _start.ReachAsync(agent, templates.Find(sandbox.Template.Value), token, limit);
            },
            Math.Clamp(sandbox.Resources.MemoryMb / MemoryOfContext, 4, 32),
            time));
        room.See(sandbox);
        return room;
    }

    private static void Check(CodeRequest request)
    {
        if (Encoding.UTF8.GetByteCount(request.Code) > MaxCodeBytes)
        {
            throw Fault.Invalid("code", "code must be at most 1 MiB: put more into a file of the sandbox").AsException();
        }

        if (request.Environment.Count > MaxVariables
            || request.Environment.Sum(pair => Encoding.UTF8.GetByteCount(pair.Key) + Encoding.UTF8.GetByteCount(pair.Value)) > MaxEnvironmentBytes)
        {
            throw Fault.Invalid("env_vars", $"env_vars must be at most {MaxVariables}, of {MaxEnvironmentBytes / 1024} KiB together").AsException();
        }

        if (request.Environment.Any(pair => pair.Key.Length == 0 || pair.Key.Contains('=') || pair.Key.Contains('\0') || pair.Value.Contains('\0')))
        {
            throw Fault.Invalid("env_vars", "env_vars: names must be non-empty without '=', and nothing may hold a NUL character").AsException();
        }

        CheckDirectory(request.WorkingDirectory);
    }

    private static void CheckDirectory(string path)
    {
        if (!path.StartsWith('/') || path.Contains('\0') || path.Length > 4096)
        {
            throw Fault.Invalid("cwd", "cwd must be an absolute path").AsException();
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Sandbox}: its contexts could not be looked after")]
    private partial void LogSweepFailed(Exception e, SandboxId sandbox);
}
