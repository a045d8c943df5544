using System.Globalization;
using Atoll.Api.DataPlane;
using Atoll.Api.DataPlane.Transfer;
using Atoll.Api.Http;
using Atoll.Api.Tenancy;
using Atoll.Domain;
using Atoll.Domain.Files;
using Atoll.Domain.Sandboxes;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.Dialects.ScaleBox;

/// <summary>
/// Files of a sandbox through the control plane, for clients that cannot reach the sandbox's own address
/// (contracts/scalebox.md 1.4).
/// </summary>
internal sealed class ScaleBoxFiles(
    ISandboxes sandboxes, ISandboxAgents agents, UploadSessions sessions, ScaleBoxReply reply, ApiOptions options, TimeProvider time)
{
    private const string DefaultUser = "root";
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public async Task<IResult> ListAsync(HttpContext http, CancellationToken cancellation)
    {
        SandboxId id = await OwnAsync(http, cancellation);
        JsonFields body = await JsonRequest.ReadAsync(http.Request, optional: false, cancellation);
        int depth = body.Int("depth") ?? 1;
        if (depth < 0)
        {
            throw Fault.Invalid("depth", "depth must be 0 or more").AsException();
        }

        ISandboxFiles files = await FilesAsync(http, id, cancellation);
        return new ScaleBoxFileList(files.ListAsync(PathOf(body), Math.Max(1, depth), cancellation), time);
    }

    public async Task<IResult> StatAsync(HttpContext http, CancellationToken cancellation)
    {
        SandboxId id = await OwnAsync(http, cancellation);
        JsonFields body = await JsonRequest.ReadAsync(http.Request, optional: false, cancellation);
        ISandboxFiles files = await FilesAsync(http, id, cancellation);
        return reply.Data(new WireFileStat(ScaleBoxFileList.Entry(await files.StatAsync(PathOf(body), cancellation))));
    }

    public async Task<IResult> DownloadAsync(HttpContext http, CancellationToken cancellation)
    {
        SandboxId id = await OwnAsync(http, cancellation);
        string path = http.PathBehind($"/v1/sandboxes/{ScaleBoxMapping.Id(id)}/files/download/");
        string user = QueryValues.Text(http.Request.Query, "user") ?? DefaultUser;
        return await FileReply.AttachmentAsync(http, await FilesAsync(http, id, cancellation), new FilePath("/" + path.TrimStart('/'), user));
    }

    public async Task<IResult> UploadAsync(HttpContext http, CancellationToken cancellation)
    {
        SandboxId id = await OwnAsync(http, cancellation);
        ISandboxFiles files = await FilesAsync(http, id, cancellation);
        string user = QueryValues.Text(http.Request.Query, "user") ?? DefaultUser;
        var upload = new FormUpload(files, QueryValues.Text(http.Request.Query, "path"), user, userFromForm: true);
        UploadProgress progress = sessions.Begin(id, http.Request.Headers["X-Upload-Session"], Size(http.Request));
        try
        {
            FileEntry entry = await UploadBody.ReadAsync(
                http, body => upload.ReceiveAsync(MultipartForm.Open(http.Request, body), progress.Measure, cancellation));
            progress.End(failed: false);
            return reply.Data(new WireUploaded(entry.Name, "file", entry.Path, $"uploaded: {entry.Path}"));
        }
        catch
        {
            progress.End(failed: true);
            throw;
        }
    }

    /// <summary>Tells how far a named upload is, from before it begins until it has ended.</summary>
    public async Task<IResult> ProgressAsync(HttpContext http, CancellationToken cancellation)
    {
        SandboxId id = await OwnAsync(http, cancellation);
        string name = QueryValues.Text(http.Request.Query, "session") ?? throw Fault.Invalid("session", "session is required").AsException();
        EventStream events = EventStream.Open(http, options.StalledReader, time);
        long from = time.GetTimestamp();
        int told = -1;
        while (sessions.Find(id, name) is var upload && (upload is not null || time.GetElapsedTime(from) < Patience))
        {
            // Asked before how far it is: what ends in between is told at the next look.
            bool over = upload?.EndedAt is not null;
            if (upload?.Failed is true)
            {
                break;
            }

            if (upload?.Percent is { } percent && percent != told)
            {
                told = percent;
                await events.WriteAsync("message", new WireUploadProgress(percent), ScaleBoxJson.Of<WireUploadProgress>());
            }

            if (over)
            {
                return Results.Empty;
            }

            await Task.Delay(Look, time, cancellation);
        }

        var error = new WireExecError("upload_failed", "the upload failed, or none of this name began: its own reply says more");
        await events.WriteAsync("error", error, ScaleBoxJson.Of<WireExecError>());
        return Results.Empty;
    }

    private static FilePath PathOf(JsonFields body) =>
        new(body.RequiredString("path"), body.String("user") is { Length: > 0 } user ? user : DefaultUser);

    private static long? Size(HttpRequest request) =>
        long.TryParse(request.Headers["X-File-Size"], NumberStyles.None, CultureInfo.InvariantCulture, out long size) ? size : request.ContentLength;

    /// <summary>The route's sandbox, which is the caller's; to anybody else it does not exist.</summary>
    private async Task<SandboxId> OwnAsync(HttpContext http, CancellationToken cancellation) =>
        (await sandboxes.FindUsableAsync(http.Caller(), ScaleBoxSandboxes.Id(http), cancellation)).Id;

    /// <summary>Its files; it counts as used until the request ends.</summary>
    private async ValueTask<ISandboxFiles> FilesAsync(HttpContext http, SandboxId id, CancellationToken cancellation)
    {
        http.Response.RegisterForDispose(agents.Use(id));
        return (await agents.AgentAsync(id, cancellation)).Files;
    }
}
