using System.Text;
using Atoll.Api.DataPlane;
using Atoll.Api.DataPlane.Transfer;
using Atoll.Api.Http;
using Atoll.Domain;
using Atoll.Domain.Files;
using Atoll.Domain.Processes;
using Atoll.Domain.Sandboxes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Atoll.Api.Dialects.E2b;

/// <summary>Files by plain HTTP as envd serves them (contracts/e2b.md 2.5).</summary>
internal sealed class E2bFiles(FileGate gate, ISandboxAgents agents, E2bDataFaults faults) : IDataPlaneRoutes
{
    /// <summary>Who a request is for that names nobody.</summary>
    public const string DefaultUser = "user";

    private const string MetadataHeader = "X-Metadata-";
    private const int LongestMetadata = 4096;

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/files", [HttpMethods.Get, HttpMethods.Head], ReadAsync).WithMetadata(new OpenDataPlaneRoute(), faults).ExcludeFromDescription();
        routes.MapPost("/files", WriteAsync).WithMetadata(new OpenDataPlaneRoute(), faults).ExcludeFromDescription();
        routes.MapPost("/files/compose", ComposeAsync).WithMetadata(faults).ExcludeFromDescription();
    }

    private async Task<IResult> ReadAsync(HttpContext http, CancellationToken cancellation)
    {
        string? path = QueryValues.Text(http.Request.Query, "path");
        bool signed = await gate.CheckAsync(http, FileOperation.Read, path, "");
        IAgent agent = await http.AgentAsync(agents);
        var file = new FilePath(path ?? throw Fault.Invalid("path", "path is required").AsException(), User(http, signed));
        return await FileReply.InlineAsync(http, agent.Files, file)
            ?? E2bDataFaults.Reply(http, StatusCodes.Status406NotAcceptable, "Accept-Encoding must allow gzip or identity");
    }

    private async Task<IResult> WriteAsync(HttpContext http, CancellationToken cancellation)
    {
        string? path = QueryValues.Text(http.Request.Query, "path");
        bool signed = await gate.CheckAsync(http, FileOperation.Write, path, "");
        IAgent agent = await http.AgentAsync(agents);
        var options = new FileWriting { Metadata = Metadata(http.Request.Headers) };
        string user = User(http, signed);
        IReadOnlyList<FileEntry> written = await UploadBody.ReadAsync(http, body => MultipartForm.Is(http.Request)
            ? WriteFormAsync(agent.Files, MultipartForm.Open(http.Request, body), path, user, options, cancellation)
            : WriteBytesAsync(agent.Files, body, path, user, options, cancellation));
        return Results.Json([.. written.Select(Wire)], E2bDataJson.Wire.IReadOnlyListWireWritten);
    }

    private async Task<IResult> ComposeAsync(HttpContext http, CancellationToken cancellation)
    {
        JsonFields body = await JsonRequest.ReadAsync(http.Request, optional: false, cancellation);
        string user = body.String("username") is { Length: > 0 } named ? named : User(http, signed: false);
        string destination = body.RequiredString("destination");
        FilePath[] sources = [.. body.Strings("source_paths").Select(source => new FilePath(source, user))];
        IAgent agent = await http.AgentAsync(agents);
        FileEntry made = await agent.Files.ComposeAsync(sources, new FilePath(destination, user), cancellation);
        return Results.Json(Wire(made), E2bDataJson.Wire.WireWritten);
    }

    private static async Task<IReadOnlyList<FileEntry>> WriteBytesAsync(
        ISandboxFiles files, Stream body, string? path, string user, FileWriting options, CancellationToken cancellation) =>
        path is null
            ? throw Fault.Invalid("path", "path is required unless the body is multipart/form-data").AsException()
            : [await files.WriteAsync(new FilePath(path, user), options, body, cancellation)];

    private static async Task<IReadOnlyList<FileEntry>> WriteFormAsync(
        ISandboxFiles files, MultipartForm form, string? path, string user, FileWriting options, CancellationToken cancellation)
    {
        List<FileEntry> written = [];
        HashSet<string> names = [];
        while (await form.NextAsync(cancellation) is { } part)
        {
            if (!part.IsFile)
            {
                continue;
            }

            string to = path ?? part.FileName
                ?? throw Fault.Invalid("path", "nothing says where the file goes: give path, or the full path as the file's name").AsException();
            if (!names.Add(to))
            {
                throw Fault.Invalid("path", $"two files of one request go to the same path: {to}").AsException();
            }

            written.Add(await files.WriteAsync(new FilePath(to, user), options, part.Body, cancellation));
        }

        return written.Count > 0 ? written : throw Fault.Invalid("file", "the form holds no file: send each as a part named file").AsException();
    }

    /// <summary>The headers <c>X-Metadata-NAME</c>; none removes what the file had.</summary>
    private static Dictionary<string, string> Metadata(IHeaderDictionary headers)
    {
        var metadata = headers
            .Where(header => header.Key.StartsWith(MetadataHeader, StringComparison.OrdinalIgnoreCase) && header.Key.Length > MetadataHeader.Length)
            .ToDictionary(header => header.Key[MetadataHeader.Length..].ToLowerInvariant(), header => header.Value.ToString());
        int size = metadata.Sum(pair => pair.Key.Length + Encoding.UTF8.GetByteCount(pair.Value));
        return size <= LongestMetadata
            ? metadata
            : throw Fault.Invalid(MetadataHeader, $"metadata is {size} bytes long, more than {LongestMetadata}").AsException();
    }

    private static WireWritten Wire(FileEntry entry) =>
        new(entry.Path, entry.Name, "file", entry.Metadata.Count > 0 ? entry.Metadata : null);

    // A signature covers what the URL says, and no header.
    private static string User(HttpContext http, bool signed) =>
        QueryValues.Text(http.Request.Query, "username") ?? (signed ? null : BasicUser(http.Request.Headers.Authorization.ToString())) ?? DefaultUser;

    /// <summary>The name in <c>Authorization: Basic base64(name:)</c>; null when there is none.</summary>
    internal static string? BasicUser(string authorization)
    {
        const string scheme = "Basic ";
        if (!authorization.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        byte[] decoded = new byte[authorization.Length];
        if (!Convert.TryFromBase64String(authorization[scheme.Length..].Trim(), decoded, out int length))
        {
            throw new Fault(FaultCode.Unauthenticated, "Authorization: Basic must hold base64 of a user's name and a colon").AsException();
        }

        string name = Encoding.UTF8.GetString(decoded, 0, length).Split(':')[0];
        return name.Length == 0 ? null : name;
    }
}
