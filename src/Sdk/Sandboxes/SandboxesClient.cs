using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json.Serialization.Metadata;
using Atoll.Sdk.Http;

namespace Atoll.Sdk;

/// <summary>Makes, finds and ends sandboxes, and runs commands in them.</summary>
public sealed class SandboxesClient
{
    private const int PageSize = 100;

    private readonly Transport _transport;

    internal SandboxesClient(Transport transport) => _transport = transport;

    /// <summary>
    /// Makes a sandbox and, unless <see cref="CreateSandboxRequest.IsAsync"/>, waits until it runs or has failed:
    /// look at <see cref="Sandbox.Status"/>. Never repeated by itself.
    /// </summary>
    public Task<Sandbox> CreateAsync(CreateSandboxRequest request, CancellationToken cancellation = default) =>
        _transport.SendAsync(
            ApiRequest.Post("v1/sandboxes", request, SdkJson.Default.CreateSandboxRequest) with { Timeout = _transport.Options.CreateTimeout },
            SdkJson.Default.Sandbox, cancellation);

    /// <summary>One sandbox.</summary>
    /// <exception cref="NotFoundException">There is none of this id among the caller's.</exception>
    public Task<Sandbox> GetAsync(string sandboxId, CancellationToken cancellation = default) =>
        _transport.SendAsync(ApiRequest.Get(PathOf(sandboxId)), SdkJson.Default.Sandbox, cancellation);

    /// <summary>One page of the caller's sandboxes.</summary>
    public Task<SandboxPage> ListAsync(SandboxQuery? query = null, CancellationToken cancellation = default) =>
        _transport.SendAsync(ApiRequest.Get("v1/sandboxes" + Render(query ?? new SandboxQuery())), SdkJson.Default.SandboxPage, cancellation);

    /// <summary>All of the caller's sandboxes, fetched a page at a time from the first; <see cref="PageQuery.Page"/> and the limit are ignored.</summary>
    public async IAsyncEnumerable<Sandbox> ListAllAsync(
        SandboxQuery? query = null, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        for (int page = 1; ; page++)
        {
            SandboxPage result = await ListAsync((query ?? new SandboxQuery()) with { Page = page, Limit = PageSize }, cancellation)
                .ConfigureAwait(false);
            foreach (Sandbox sandbox in result.Sandboxes)
            {
                yield return sandbox;
            }
            if (result.Sandboxes.Count == 0 || page >= (result.Pagination?.TotalPages ?? 0))
            {
                yield break;
            }
        }
    }

    /// <summary>Sets the length of the running phase, counted from its start, not from now.</summary>
    public Task<SandboxTimeout> SetTimeoutAsync(string sandboxId, TimeSpan timeout, CancellationToken cancellation = default) =>
        _transport.SendAsync(
            ApiRequest.Post($"{PathOf(sandboxId)}/timeout", new SetTimeoutRequest(checked((int)timeout.TotalSeconds)), SdkJson.Default.SetTimeoutRequest),
            SdkJson.Default.SandboxTimeout, cancellation);

    /// <summary>
    /// Writes memory, processes and disk to an image and frees what the sandbox uses. Returns once it is paused, or at
    /// once if <paramref name="isAsync"/>. When it cannot be paused it runs on.
    /// </summary>
    /// <exception cref="ConflictException">It does not run, or its programs prevent it.</exception>
    public Task<Sandbox> PauseAsync(string sandboxId, bool isAsync = false, CancellationToken cancellation = default) =>
        SendLongAsync(
            ApiRequest.Post($"{PathOf(sandboxId)}/pause", new AsyncRequest(isAsync), SdkJson.Default.AsyncRequest), SdkJson.Default.Sandbox, cancellation);

    /// <summary>Brings a paused sandbox back: the same processes, id, name, variables and ports. When it cannot, it stays paused.</summary>
    /// <exception cref="ConflictException">It is not paused.</exception>
    public Task<Sandbox> ResumeAsync(string sandboxId, ResumeSandboxRequest? request = null, CancellationToken cancellation = default) =>
        SendLongAsync(
            ApiRequest.Post($"{PathOf(sandboxId)}/resume", request ?? new ResumeSandboxRequest(), SdkJson.Default.ResumeSandboxRequest),
            SdkJson.Default.Sandbox, cancellation);

    /// <summary>Answers a sandbox that runs, and brings one back that is paused.</summary>
    /// <param name="sandboxId">The sandbox.</param>
    /// <param name="timeout">Taken over when it ends later than the present one; null keeps that.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Sandbox> ConnectAsync(string sandboxId, TimeSpan? timeout = null, CancellationToken cancellation = default) =>
        SendLongAsync(
            ApiRequest.Post(
                $"{PathOf(sandboxId)}/connect", new ConnectRequest(timeout is { } length ? checked((int)length.TotalSeconds) : null),
                SdkJson.Default.ConnectRequest),
            SdkJson.Default.Sandbox, cancellation);

    /// <summary>Makes copies of a running or paused sandbox, with memory and disk of one instant; it goes on itself.</summary>
    public async Task<IReadOnlyList<Sandbox>> ForkAsync(string sandboxId, ForkSandboxRequest? request = null, CancellationToken cancellation = default) =>
        (await SendLongAsync(
            ApiRequest.Post($"{PathOf(sandboxId)}/fork", request ?? new ForkSandboxRequest(), SdkJson.Default.ForkSandboxRequest),
            SdkJson.Default.ForkedSandboxes, cancellation).ConfigureAwait(false)).Sandboxes;

    /// <summary>Takes a snapshot of a running or paused sandbox, which goes on as it was but for its established connections.</summary>
    /// <exception cref="ConflictException">The name is taken, or its state or its programs prevent it.</exception>
    public Task<Snapshot> SnapshotAsync(string sandboxId, string? name = null, CancellationToken cancellation = default) =>
        SendLongAsync(
            ApiRequest.Post($"{PathOf(sandboxId)}/snapshots", new TakeSnapshotRequest(name), SdkJson.Default.TakeSnapshotRequest),
            SdkJson.Default.Snapshot, cancellation);

    /// <summary>What it used over a span of time.</summary>
    public Task<SandboxMetrics> MetricsAsync(string sandboxId, MetricsQuery? query = null, CancellationToken cancellation = default) =>
        _transport.SendAsync(
            ApiRequest.Get($"{PathOf(sandboxId)}/metrics{ApiRequest.Query(
                ("start", ApiRequest.Time(query?.Start)), ("end", ApiRequest.Time(query?.End)),
                ("step", query?.Step?.ToString(CultureInfo.InvariantCulture)))}"),
            SdkJson.Default.SandboxMetrics, cancellation);

    /// <summary>Moves it to another project of the caller's.</summary>
    public Task SwitchProjectAsync(string sandboxId, string projectId, CancellationToken cancellation = default) =>
        _transport.SendAsync(
            ApiRequest.Post($"{PathOf(sandboxId)}/switch-project", new SwitchProjectRequest(projectId), SdkJson.Default.SwitchProjectRequest), cancellation);

    /// <summary>Does the same to several sandboxes, at most 100, and goes on after one that fails. Returns once the server has taken them on.</summary>
    public Task<BatchOutcome> BatchAsync(
        BatchAction action, IReadOnlyList<string> sandboxIds, bool force = false, CancellationToken cancellation = default) =>
        SendLongAsync(
            ApiRequest.Post(
                $"v1/sandboxes/batch-{action.ToString().ToLowerInvariant()}", new BatchRequest(sandboxIds, force ? true : null), SdkJson.Default.BatchRequest),
            SdkJson.Default.BatchOutcome, cancellation);

    /// <summary>Credentials of a relay for its WebRTC ports.</summary>
    /// <exception cref="ServerException">The server has no relay.</exception>
    public Task<WebRtcCredential> WebRtcCredentialAsync(string sandboxId, CancellationToken cancellation = default) =>
        _transport.SendAsync(ApiRequest.Get($"{PathOf(sandboxId)}/webrtc-turn-credential"), SdkJson.Default.WebRtcCredential, cancellation);

    /// <summary>Ends a sandbox and keeps its record. Returns once the server has taken it on.</summary>
    public Task<SandboxEnding> TerminateAsync(string sandboxId, bool force = false, CancellationToken cancellation = default) =>
        _transport.SendAsync(
            new ApiRequest(HttpMethod.Post, $"{PathOf(sandboxId)}/terminate{Force(force)}"), SdkJson.Default.SandboxEnding, cancellation);

    /// <summary>Ends a sandbox and forgets it. Returns once the server has taken it on.</summary>
    public Task DeleteAsync(string sandboxId, bool force = false, CancellationToken cancellation = default) =>
        _transport.SendAsync(ApiRequest.Delete(PathOf(sandboxId) + Force(force)), cancellation);

    /// <summary>
    /// Runs a shell command and follows it to its end, whose event is an <see cref="ExecEvent.Ended"/>. A broken
    /// connection is taken up where it broke. Dropping the enumeration leaves the command running:
    /// <see cref="CancelExecAsync"/> ends it. A reader that is slow slows the command down; one that stays slow
    /// is told by <see cref="ExecEvent.Dropped"/> what it missed.
    /// </summary>
    /// <exception cref="ConflictException">A command runs already, or the sandbox does not.</exception>
    /// <exception cref="ExecFailedException">The run was lost, as the server tells.</exception>
    public async IAsyncEnumerable<ExecEvent> ExecAsync(
        string sandboxId, ExecRequest request, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await StartExecAsync(sandboxId, request, cancellation).ConfigureAwait(false);
        await foreach (ExecEvent item in AttachExecAsync(sandboxId, cancellation).ConfigureAwait(false))
        {
            yield return item;
        }
    }

    /// <summary>Starts a shell command and returns as soon as it runs. Never repeated by itself.</summary>
    public Task<ExecStart> StartExecAsync(string sandboxId, ExecRequest request, CancellationToken cancellation = default) =>
        _transport.SendAsync(
            ApiRequest.Post($"{PathOf(sandboxId)}/exec", request, SdkJson.Default.ExecRequest), SdkJson.Default.ExecStart, cancellation);

    /// <summary>Follows the sandbox's present or last command from its first byte that is still kept.</summary>
    public IAsyncEnumerable<ExecEvent> AttachExecAsync(string sandboxId, CancellationToken cancellation = default) =>
        new ExecFollower(_transport, $"{PathOf(sandboxId)}/exec/stream").FollowAsync(cancellation);

    /// <summary>Runs a shell command to its end and returns what it said.</summary>
    /// <param name="sandboxId">The sandbox.</param>
    /// <param name="request">The command.</param>
    /// <param name="maxOutputBytes">The most that is kept of each output; what exceeds it is dropped and counted.</param>
    /// <param name="cancellation">Stops the waiting, not the command.</param>
    public Task<ExecResult> RunAsync(
        string sandboxId, ExecRequest request, int maxOutputBytes = 16 * 1024 * 1024, CancellationToken cancellation = default) =>
        ExecResult.CollectAsync(ExecAsync(sandboxId, request, cancellation), maxOutputBytes);

    /// <summary>The command that runs now, if one does.</summary>
    public Task<ActiveExec> ActiveExecAsync(string sandboxId, CancellationToken cancellation = default) =>
        _transport.SendAsync(ApiRequest.Get($"{PathOf(sandboxId)}/exec/active"), SdkJson.Default.ActiveExec, cancellation);

    /// <summary>Kills the running command with all that it started. False when none ran.</summary>
    public async Task<bool> CancelExecAsync(string sandboxId, CancellationToken cancellation = default) =>
        (await _transport.SendAsync(ApiRequest.Delete($"{PathOf(sandboxId)}/exec"), SdkJson.Default.ExecCancelled, cancellation)
            .ConfigureAwait(false)).Cancelled;

    private static string PathOf(string sandboxId) => $"v1/sandboxes/{ApiRequest.Segment(sandboxId)}";

    private static string Force(bool force) => force ? "?force=true" : "";

    /// <summary>Sends what may take as long as starting a sandbox does.</summary>
    private Task<T> SendLongAsync<T>(ApiRequest request, JsonTypeInfo<T> type, CancellationToken cancellation)
        where T : class =>
        _transport.SendAsync(request with { Timeout = _transport.Options.CreateTimeout }, type, cancellation);

    private static string Render(SandboxQuery query) =>
        query.Render(("status", query.Status), ("search", query.Search), ("project_id", query.ProjectId));
}
