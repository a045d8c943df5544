using Atoll.Conformance.Servers;

namespace Atoll.Conformance.Attacks;

/// <summary>What a call does with the path it is given.</summary>
internal enum PathUse
{
    Tell,
    Read,
    Write,
    Make,
    Take,
}

/// <summary>One way in which a client names a path.</summary>
internal sealed record FileCall(string Name, PathUse Use, Func<SandboxCalls, string, Task<Answer>> SendAsync);

/// <summary>Every call of both dialects that takes a path, wherever in a request the path stands.</summary>
internal static class FileCalls
{
    public const string Written = "from a client";

    public static IReadOnlyList<FileCall> All { get; } =
    [
        .. new[] { "sandboxagent.Filesystem", "filesystem.Filesystem" }.SelectMany(OfService),
        new("GET /download/ as it is", PathUse.Read, (calls, path) => calls.SendAsync(HttpMethod.Get, "/download/" + InTarget(path))),
        new("GET /download/ escaped", PathUse.Read, (calls, path) => calls.SendAsync(HttpMethod.Get, "/download/" + Escaped(path))),
        new("GET /files", PathUse.Read, (calls, path) => calls.SendAsync(HttpMethod.Get, "/files?path=" + Escaped(path))),
        new("files/download", PathUse.Read, (calls, path) => calls.ControlAsync(HttpMethod.Get, "/files/download/" + Escaped(path))),
        new("files/stat", PathUse.Tell, (calls, path) => calls.ControlAsync(HttpMethod.Post, "/files/stat", SandboxCalls.Json(new { path }))),
        new("files/list", PathUse.Tell, (calls, path) => calls.ControlAsync(HttpMethod.Post, "/files/list", SandboxCalls.Json(new { path, depth = 1 }))),
        new("POST /upload?path", PathUse.Write, (calls, path) => calls.SendAsync(HttpMethod.Post, "/upload?path=" + Escaped(path), SandboxCalls.Form("name", Written))),
        new("POST /upload filename", PathUse.Write, (calls, path) => calls.SendAsync(HttpMethod.Post, "/upload", SandboxCalls.Form(path, Written))),
        new("POST /upload field", PathUse.Write, (calls, path) => calls.SendAsync(HttpMethod.Post, "/upload", SandboxCalls.Form("name", Written, path))),
        new("files/upload", PathUse.Write, (calls, path) => calls.ControlAsync(HttpMethod.Post, "/files/upload", SandboxCalls.Form("name", Written, path))),
        new("POST /files bytes", PathUse.Write, (calls, path) => calls.SendAsync(HttpMethod.Post, "/files?path=" + Escaped(path), new StringContent(Written))),
        new("POST /files form", PathUse.Write, (calls, path) => calls.SendAsync(HttpMethod.Post, "/files", SandboxCalls.Form(path, Written))),
        new("POST /files/compose from", PathUse.Take, (calls, path) => ComposeAsync(calls, [path], "/tmp/composed")),
        new("POST /files/compose to", PathUse.Write, (calls, path) => ComposeAsync(calls, ["/attack/part"], path)),
    ];

    private static IEnumerable<FileCall> OfService(string service) =>
    [
        new($"{service}/Stat", PathUse.Tell, (calls, path) => calls.CallAsync($"{service}/Stat", new { path })),
        new($"{service}/ListDir", PathUse.Tell, (calls, path) => calls.CallAsync($"{service}/ListDir", new { path, depth = 1 })),
        new($"{service}/WatchDir", PathUse.Tell, (calls, path) => calls.OpenAsync($"{service}/WatchDir", new { path })),
        new($"{service}/CreateWatcher", PathUse.Tell, (calls, path) => calls.CallAsync($"{service}/CreateWatcher", new { path })),
        new($"{service}/MakeDir", PathUse.Make, (calls, path) => calls.CallAsync($"{service}/MakeDir", new { path })),
        new($"{service}/Move from", PathUse.Take, (calls, path) => calls.CallAsync($"{service}/Move", new { source = path, destination = "/tmp/moved" })),
        new($"{service}/Move to", PathUse.Make, (calls, path) => calls.CallAsync($"{service}/Move", new { source = "/attack/part", destination = path })),
        new($"{service}/Remove", PathUse.Take, (calls, path) => calls.CallAsync($"{service}/Remove", new { path })),
    ];

    private static Task<Answer> ComposeAsync(SandboxCalls calls, string[] sources, string destination) => calls.SendAsync(
        HttpMethod.Post, "/files/compose", SandboxCalls.Json(new { source_paths = sources, destination, username = "root" }));

    private static string Escaped(string path) => Uri.EscapeDataString(path);

    // What a request line cannot hold is escaped; dots, slashes and escapes are sent as they are.
    private static string InTarget(string path) => string.Concat(path.Select(c => c is > ' ' and < '\x7f' and not ('?' or '#') ? c.ToString() : Escaped(c.ToString())));
}
