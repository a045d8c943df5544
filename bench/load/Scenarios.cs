using System.Diagnostics;
using Atoll.Sdk;

namespace Atoll.Load;

/// <summary>
/// What is measured against a server. The clock runs from the request until the reply or the command's end event is
/// read; deletes are not timed; nothing is repeated.
/// </summary>
internal sealed class Scenarios(AtollClient client, string template)
{
    public const string Greeting = "echo hi";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan EndGlance = TimeSpan.FromMilliseconds(25);

    public Sample Create { get; } = new("create (sync)");

    public Sample CreateToFirstCommand { get; } = new("create to end of first `echo hi`");

    public Sample Exec { get; } = new("exec `echo hi` in a running sandbox");

    /// <summary>One sandbox: its creation, its first command, its end. Measures both create scenarios at once.</summary>
    public async Task CreateOnceAsync(bool record, CancellationToken cancellation)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Limit);
        string? id = null;
        Sample stage = Create;
        try
        {
            long started = Stopwatch.GetTimestamp();
            id = await StartAsync(limit.Token);
            TimeSpan created = Stopwatch.GetElapsedTime(started);
            if (record)
            {
                Create.Add(created);
            }
            stage = CreateToFirstCommand;
            await GreetAsync(id, limit.Token);
            if (record)
            {
                CreateToFirstCommand.AddSince(started);
            }
        }
        catch (Exception exception) when (IsFailure(exception, cancellation))
        {
            if (record)
            {
                stage.Fail(exception.Message);
                if (stage == Create)
                {
                    CreateToFirstCommand.Fail(exception.Message);
                }
            }
        }
        finally
        {
            await EndAsync(id);
        }
    }

    /// <summary>A sandbox to run commands in; the caller ends it by <see cref="EndAsync"/>.</summary>
    public async Task<string> StartAsync(CancellationToken cancellation)
    {
        Sandbox sandbox = await client.Sandboxes.CreateAsync(new CreateSandboxRequest { Template = template, Timeout = 600 }, cancellation);
        if (sandbox.Status == "running")
        {
            return sandbox.SandboxId;
        }
        await EndAsync(sandbox.SandboxId);
        throw new AtollException($"the sandbox is {sandbox.Status}: {sandbox.Reason}");
    }

    public async Task ExecOnceAsync(string id, bool record, CancellationToken cancellation)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Limit);
        try
        {
            long started = Stopwatch.GetTimestamp();
            await GreetAsync(id, limit.Token);
            if (record)
            {
                Exec.AddSince(started);
            }
        }
        catch (Exception exception) when (IsFailure(exception, cancellation))
        {
            if (record)
            {
                Exec.Fail(exception.Message);
            }
        }
    }

    /// <summary>Deletes a sandbox and waits until it is gone, so that its removal takes nothing from what is measured next.</summary>
    public async Task EndAsync(string? id)
    {
        if (id is null)
        {
            return;
        }
        try
        {
            await client.Sandboxes.DeleteAsync(id, force: true);
            long asked = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(asked) < EndLimit)
            {
                await client.Sandboxes.GetAsync(id);
                await Task.Delay(EndGlance);
            }
            await Console.Error.WriteLineAsync($"Warning: sandbox {id} is still there {EndLimit.TotalSeconds} s after its deletion");
        }
        catch (NotFoundException)
        {
            // Gone.
        }
        catch (AtollException exception)
        {
            await Console.Error.WriteLineAsync($"Warning: sandbox {id} may be left over: {exception.Message}");
        }
    }

    private async Task GreetAsync(string id, CancellationToken cancellation)
    {
        ExecResult result = await client.Sandboxes.RunAsync(id, new ExecRequest { Command = Greeting }, cancellation: cancellation);
        if (result.ExitCode != 0 || result.StdoutText != "hi\n")
        {
            throw new AtollException($"`{Greeting}` ended with {result.ExitCode} and said '{result.StdoutText}' '{result.StderrText}'");
        }
    }

    private static bool IsFailure(Exception exception, CancellationToken cancellation) =>
        exception is AtollException || exception is OperationCanceledException && !cancellation.IsCancellationRequested;
}
