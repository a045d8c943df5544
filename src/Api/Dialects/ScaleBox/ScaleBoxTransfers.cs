using Atoll.Api.DataPlane;
using Atoll.Api.DataPlane.Transfer;
using Atoll.Api.Http;
using Atoll.Domain.Files;
using Atoll.Domain.Processes;
using Atoll.Domain.Sandboxes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Atoll.Api.Dialects.ScaleBox;

/// <summary>Upload and download at a sandbox's own address (contracts/scalebox.md 3.3).</summary>
internal sealed class ScaleBoxTransfers(FileGate gate, ISandboxAgents agents, ScaleBoxDataFaults faults) : IDataPlaneRoutes
{
    private const string Download = "/download/";
    private const string DefaultUser = "root";

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/upload", UploadAsync).WithMetadata(new OpenDataPlaneRoute(), faults).ExcludeFromDescription();
        routes.MapMethods(Download + "{**path}", [HttpMethods.Get, HttpMethods.Head], DownloadAsync).WithMetadata(new OpenDataPlaneRoute(), faults).ExcludeFromDescription();
    }

    private async Task<IResult> UploadAsync(HttpContext http, CancellationToken cancellation)
    {
        string? path = QueryValues.Text(http.Request.Query, "path");
        bool signed = await gate.CheckAsync(http, FileOperation.Write, path, DefaultUser, "");
        IAgent agent = await http.AgentAsync(agents);
        var upload = new FormUpload(agent.Files, path is null ? null : "/" + path.TrimStart('/'), User(http, signed), userFromForm: false);
        FileEntry entry = await UploadBody.ReadAsync(
            http, body => upload.ReceiveAsync(MultipartForm.Open(http.Request, body), measure: null, cancellation));
        string said = $"uploaded: {entry.Path}";
        return http.Request.Headers.Accept.ToString().StartsWith("text/plain", StringComparison.OrdinalIgnoreCase)
            ? Results.Text(said)
            : ScaleBoxReply.Raw(new WireUploaded(entry.Name, "file", entry.Path, said));
    }

    private async Task<IResult> DownloadAsync(HttpContext http, CancellationToken cancellation)
    {
        string path = http.PathBehind(Download);
        bool signed = await gate.CheckAsync(http, FileOperation.Read, path, DefaultUser, "");
        IAgent agent = await http.AgentAsync(agents);
        return await FileReply.AttachmentAsync(http, agent.Files, new FilePath("/" + path.TrimStart('/'), User(http, signed)));
    }

    // "Bearer" carries a user's name here, no secret; a signature does not cover it.
    private static string User(HttpContext http, bool signed)
    {
        const string scheme = "Bearer ";
        string authorization = http.Request.Headers.Authorization.ToString();
        return QueryValues.Text(http.Request.Query, "username")
            ?? (!signed && authorization.StartsWith(scheme, StringComparison.OrdinalIgnoreCase) && authorization[scheme.Length..].Trim() is { Length: > 0 } name
                ? name
                : DefaultUser);
    }
}
