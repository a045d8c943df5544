using Atoll.Api.Http;
using Atoll.Api.Tenancy;
using Atoll.Domain.Processes;
using Atoll.Domain.Sandboxes;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.Dialects.ScaleBox;

/// <summary>Runs a sandbox's one foreground command: start, ask, cancel. Replies carry no envelope.</summary>
internal sealed class ScaleBoxExec(IExecutions executions)
{
    public async Task<IResult> StartAsync(HttpContext http, CancellationToken cancellation)
    {
        SandboxId id = ScaleBoxSandboxes.Id(http);
        JsonFields body = await JsonRequest.ReadAsync(http.Request, optional: false, cancellation);
        Execution run = await executions.StartAsync(http.Caller(), id, ScaleBoxRequests.Exec(body), cancellation);
        return ScaleBoxReply.Raw(
            new WireExecStarted(StreamPath(id), run.StartedAt.UtcDateTime, run.Deadline.UtcDateTime),
            StatusCodes.Status201Created);
    }

    public async Task<IResult> ActiveAsync(HttpContext http, CancellationToken cancellation)
    {
        SandboxId id = ScaleBoxSandboxes.Id(http);
        return ScaleBoxReply.Raw(await executions.ActiveAsync(http.Caller(), id, cancellation) is { } run
            ? new WireExecActive(true)
            {
                StreamPath = StreamPath(id),
                Command = run.Command,
                Cwd = run.WorkingDirectory,
                StartedAt = run.StartedAt.UtcDateTime,
                Deadline = run.Deadline.UtcDateTime,
            }
            : new WireExecActive(false));
    }

    public async Task<IResult> CancelAsync(HttpContext http, CancellationToken cancellation) => ScaleBoxReply.Raw(
        new WireExecCancelled(await executions.CancelAsync(http.Caller(), ScaleBoxSandboxes.Id(http), cancellation)));

    private static string StreamPath(SandboxId id) => $"/v1/sandboxes/{ScaleBoxMapping.Id(id)}/exec/stream";
}
