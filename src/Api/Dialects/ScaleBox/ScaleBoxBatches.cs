using Atoll.Api.Http;
using Atoll.Api.Tenancy;
using Atoll.Domain;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Storage;
using Atoll.Domain.Tenancy;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.Dialects.ScaleBox;

/// <summary>
/// Does one thing to many sandboxes, some at once; each has its own outcome. Pausing and resuming are waited for within a
/// bound that clients have patience for: what takes longer is told as under way.
/// </summary>
internal sealed class ScaleBoxBatches(ISandboxes sandboxes, ISandboxMounts mounts, ScaleBoxReply reply, TimeProvider time)
{
    public const int Most = 100;
    private const int AtOnce = 50;
    private const string Error = "error";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public Task<IResult> DeleteAsync(HttpContext http, CancellationToken cancellation) => RunAsync(
        http,
        "Batch deletion initiated",
        async (caller, id, _) =>
        {
            await sandboxes.DeleteAsync(caller, id, cancellation);
            return "deletion_in_progress";
        },
        cancellation);

    public Task<IResult> TerminateAsync(HttpContext http, CancellationToken cancellation) => RunAsync(
        http,
        "Batch termination initiated",
        async (caller, id, _) =>
        {
            Sandbox sandbox = await sandboxes.TerminateAsync(caller, id, cancellation);
            return sandbox.State.IsFinal() ? ScaleBoxMapping.Status(sandbox.State) : "termination_in_progress";
        },
        cancellation);

    public Task<IResult> PauseAsync(HttpContext http, CancellationToken cancellation) => RunAsync(
        http,
        "Batch pause initiated",
        (caller, id, deadline) => WithinAsync(caller, id, deadline, wait => sandboxes.PauseAsync(caller, id, wait, cancellation), cancellation),
        cancellation);

    /// <summary>Takes no patch for object storage: sandboxes with short-lived credentials are refused, each by itself.</summary>
    public Task<IResult> ResumeAsync(HttpContext http, CancellationToken cancellation) => RunAsync(
        http,
        "Batch resume initiated",
        async (caller, id, deadline) =>
        {
            if ((await sandboxes.GetAsync(caller, id, cancellation)).Mounts.Count > 0)
            {
                await mounts.ChangeAsync(caller, id, new MountPatch.Keep(BestEffort: false), cancellation);
            }

            return await WithinAsync(caller, id, deadline, wait => sandboxes.ResumeAsync(caller, id, null, wait, cancellation), cancellation);
        },
        cancellation);

    private async Task<IResult> RunAsync(
        HttpContext http, string message, Func<Caller, SandboxId, CancellationTokenSource, Task<string>> act, CancellationToken cancellation)
    {
        JsonFields body = await JsonRequest.ReadAsync(http.Request, optional: false, cancellation);
        _ = body.Bool("force");
        IReadOnlyList<string> ids = body.Strings("sandbox_ids");
        if (ids.Count is 0 or > Most)
        {
            throw Fault.Invalid("sandbox_ids", $"sandbox_ids must hold 1 to {Most} ids").AsException();
        }

        Caller caller = http.Caller();
        var results = new WireBatchResult[ids.Count];
        using var deadline = new CancellationTokenSource(Patience, time);
        await Parallel.ForEachAsync(
            ids.Index(),
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellation },
            async (one, _) => results[one.Index] = await OneAsync(http, one.Item, ids.Take(one.Index).Contains(one.Item), id => act(caller, id, deadline)));

        int failed = results.Count(result => result.Error is not null);
        int done = results.Length - failed;
        return reply.Data(new WireBatchResults(results.Length, done, failed, done, failed, results), message, StatusCodes.Status202Accepted);
    }

    private static async Task<WireBatchResult> OneAsync(HttpContext http, string text, bool isRepeated, Func<SandboxId, Task<string>> act)
    {
        if (isRepeated)
        {
            return new WireBatchResult(text, Error, $"'{text}' is given more than once: what was done is told at its first place");
        }

        if (ScaleBoxMapping.ParseId(text) is not { } id)
        {
            return new WireBatchResult(text, Error, $"'{text}' is no id of a sandbox: it must be sbx- and 26 characters");
        }

        try
        {
            return new WireBatchResult(text, await act(id), null);
        }
        catch (FaultException e)
        {
            return new WireBatchResult(text, Error, ScaleBoxFaults.Words(http, e.Fault).Replace($"'{id.Value}'", $"'{text}'", StringComparison.Ordinal));
        }
    }

    /// <summary>The status that the sandbox came to until the deadline.</summary>
    private async Task<string> WithinAsync(
        Caller caller, SandboxId id, CancellationTokenSource deadline, Func<bool, Task<Sandbox>> act, CancellationToken cancellation)
    {
        if (deadline.IsCancellationRequested)
        {
            return ScaleBoxMapping.Status((await act(false)).State);
        }

        Task<Sandbox> whole = act(true);
        try
        {
            return ScaleBoxMapping.Status((await whole.WaitAsync(deadline.Token)).State);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            // How it ends is in the sandbox's record; nobody is left to be told by this.
            _ = whole.ContinueWith(task => _ = task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            return ScaleBoxMapping.Status((await sandboxes.GetAsync(caller, id, cancellation)).State);
        }
    }
}
