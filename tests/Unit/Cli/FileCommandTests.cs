using System.Globalization;
using System.Text;
using Atoll.Cli.Files;
using Atoll.Unit.Sdk;
using Microsoft.AspNetCore.Http;
using Xunit;
using static Atoll.Unit.Sdk.Wire;

namespace Atoll.Unit.Cli;

public sealed class FileCommandTests : CliRun
{
    private const string Files = $"/v1/sandboxes/{Id}/files";

    [Fact]
    public async Task A_directory_is_listed_by_name_with_what_its_entries_are()
    {
        Server.OnData($"POST {Files}/list", 200, $$"""
            {"entries":[{{Entry("/src/b", 7)}},{{Entry("/src/a", 4096, directory: true)}},
             {"name":"l","path":"/src/l","type":"FILE_TYPE_FILE","size":"3","permissions":"Lrwxrwxrwx","symlink_target":"b"}]}
            """);

        Assert.Equal(0, await RunAsync("sandbox", "ls", Id, "/src"));

        string[] lines = Output.Split('\n');
        Assert.Contains("a/", lines[1], StringComparison.Ordinal);
        Assert.Contains("7", lines[2], StringComparison.Ordinal);
        Assert.EndsWith("l -> b", lines[3], StringComparison.Ordinal);
        Assert.Equal("/src", (string)Server.Requests[0].ToJson()["path"]!);
    }

    [Fact]
    public async Task An_upload_sends_the_file_and_where_it_goes()
    {
        string local = Local("a.txt", "hello");
        OnStat("/home/user", directory: true);
        Server.OnJson($"POST {Files}/upload", 200, "{}");

        Assert.Equal(0, await RunAsync("sandbox", "upload", Id, local, "/home/user/"));

        WireRequest sent = Server.Requests.Last();
        Assert.Contains("name=path\r\n\r\n/home/user/a.txt\r\n", sent.Body, StringComparison.Ordinal);
        Assert.Contains("hello", sent.Body, StringComparison.Ordinal);
        Assert.Equal("Uploaded /home/user/a.txt\n", Error);
    }

    [Fact]
    public async Task What_is_there_is_replaced_only_by_force()
    {
        string local = Local("a.txt", "hello");
        OnStat("/a.txt");
        Server.OnJson($"POST {Files}/upload", 200, "{}");

        Assert.Equal(1, await RunAsync("sandbox", "upload", Id, local, "/a.txt"));
        Assert.Contains("--force", Error, StringComparison.Ordinal);
        Assert.Equal(0, await RunAsync("sandbox", "upload", Id, local, "/a.txt", "--force"));
    }

    [Fact]
    public async Task A_directory_goes_up_whole_without_the_links_in_it()
    {
        Local("d/x", "1");
        Local("d/sub/y", "2");
        File.CreateSymbolicLink(Path.Combine(Home, "d", "secret"), "/etc/hostname");
        Server.OnJson($"POST {Files}/upload", 200, "{}");

        Assert.Equal(1, await RunAsync("sandbox", "upload", Id, Path.Combine(Home, "d"), "/d"));
        Assert.Contains("--recursive", Error, StringComparison.Ordinal);
        Assert.Equal(0, await RunAsync("sandbox", "upload", Id, Path.Combine(Home, "d"), "/d", "-r"));

        string[] sent = [.. Server.Requests.Where(request => request.Target.EndsWith("/upload", StringComparison.Ordinal)).Select(request => request.Body)];
        Assert.Equal(2, sent.Length);
        Assert.Contains("/d/sub/y", sent[0], StringComparison.Ordinal);
        Assert.Contains("/d/x", sent[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("relative")]
    [InlineData("/a/../b")]
    public async Task A_remote_path_is_absolute_and_written_out(string path) =>
        Assert.Equal(2, await RunAsync("sandbox", "download", Id, path));

    [Fact]
    public async Task A_download_that_breaks_off_goes_on_where_it_broke()
    {
        OnStat("/big");
        byte[] content = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 40_000).Select(i => $"{i:00000}")));
        int broken = 0;
        Server.On($"GET {Files}/download/big", async http =>
        {
            int from = From(http, content.Length);
            http.Response.Headers.ETag = "\"v1\"";
            http.Response.ContentLength = content.Length - from;
            int half = broken++ == 0 ? content.Length / 2 : content.Length;
            await http.Response.Body.WriteAsync(content.AsMemory(from, half - from));
            await http.Response.Body.FlushAsync();
            if (half < content.Length)
            {
                http.Abort();
            }
        });
        string local = Path.Combine(Home, "big");

        Assert.Equal(0, await RunAsync("sandbox", "download", Id, "/big", local));

        Assert.Equal(content, await File.ReadAllBytesAsync(local));
        Assert.Contains(Server.Requests, request => request.Headers.ContainsKey("Range") && request.Headers["If-Range"] == "\"v1\"");
        Assert.Equal([local], Directory.GetFiles(Home));
    }

    [Fact]
    public async Task A_directory_comes_down_and_nothing_of_it_gets_out_of_its_place()
    {
        OnStat("/d", directory: true);
        Server.OnData($"POST {Files}/list", 200, $$"""
            {"entries":[{{Entry("/d/sub", 0, directory: true)}},{{Entry("/d/sub/x", 1)}},{{Entry("/d/../evil", 1)}},
             {"name":"l","path":"/d/l","type":"FILE_TYPE_FILE","size":"3","symlink_target":"/etc/passwd"}]}
            """);
        Server.On($"GET {Files}/download/d/sub/x", http => http.Response.WriteAsync("x"));
        string target = Path.Combine(Home, "down");

        Assert.Equal(0, await RunAsync("sandbox", "download", Id, "/d", target, "--recursive"));

        Assert.Equal([Path.Combine(target, "sub", "x")], Directory.GetFiles(Home, "*", SearchOption.AllDirectories));
        Assert.Contains("Left out: /d/../evil", Error, StringComparison.Ordinal);
        Assert.Contains("Left out: /d/l", Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/d", "/d/a/b", "a/b")]
    [InlineData("/", "/a", "a")]
    [InlineData("/d", "/d/../x", null)]
    [InlineData("/d", "/other", null)]
    [InlineData("/d", "/d//x", null)]
    [InlineData("/d", "/d/", null)]
    public void A_place_here_is_below_the_chosen_directory_or_nowhere(string root, string remote, string? expected) =>
        Assert.Equal(expected is null ? null : Path.Combine("/here", expected), LocalTree.PlaceOf("/here", root, remote));

    [Theory]
    [InlineData(512L, 1024L, 512L, "f  [############............] 50% of 1.0 KiB, 512 B/s")]
    [InlineData(0L, 0L, 0L, "f  0 B, 0 B/s")]
    [InlineData(3L * 1024 * 1024, null, 1024L, "f  3.0 MiB, 1.0 KiB/s")]
    public void Progress_tells_share_and_speed(long bytes, long? total, long moved, string expected) =>
        Assert.Equal(expected, TransferProgress.Render("f", bytes, total, moved, TimeSpan.FromSeconds(1)));

    [Fact]
    public async Task Ports_are_listed_added_and_removed()
    {
        Server.OnData($"GET /v1/sandboxes/{Id}/ports", 200, """{"ports":[{"port":80,"name":"web","protocol":"TCP","service_port":8080}]}""");
        Server.OnData($"POST /v1/sandboxes/{Id}/ports", 200, "{}").OnData($"DELETE /v1/sandboxes/{Id}/ports/81", 200, "{}");

        Assert.Equal(0, await RunAsync("sandbox", "port", "list", Id));
        Assert.Contains("80    web   TCP       8080", Output, StringComparison.Ordinal);
        Assert.Equal(0, await RunAsync("sandbox", "port", "add", Id, "--port", "81", "--name", "api", "--protocol", "TCP"));
        Assert.Equal(81, (int)Server.Requests[1].ToJson()["port"]!);
        Assert.Equal(0, await RunAsync("sandbox", "port", "remove", Id, "81"));
    }

    private static int From(HttpContext http, int length)
    {
        if (http.Request.Headers.Range.ToString() is not { Length: > 0 } range)
        {
            return 0;
        }
        int from = int.Parse(range["bytes=".Length..^1], CultureInfo.InvariantCulture);
        http.Response.StatusCode = 206;
        http.Response.Headers.ContentRange = $"bytes {from}-{length - 1}/{length}";
        return from;
    }

    private static string Entry(string path, long size, bool directory = false) =>
        $$"""{"name":"{{RemotePath.NameOf(path)}}","path":"{{path}}","type":"{{(directory ? "FILE_TYPE_DIRECTORY" : "FILE_TYPE_FILE")}}","size":{{size}},"permissions":"-rw-r--r--","owner":"root","group":"root"}""";

    private string Local(string name, string content)
    {
        string path = Path.Combine(Home, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
        return path;
    }

    /// <summary>Something is at a path; nothing is elsewhere.</summary>
    private void OnStat(string path, bool directory = false) => Server.On($"POST {Files}/stat", http =>
        (string)Server.Requests.Last().ToJson()["path"]! is var asked && asked.TrimEnd('/') == path
            ? WireServer.JsonAsync(http, 200, $$"""{"entry":{{Entry(path, 1, directory)}}}""")
            : WireServer.JsonAsync(http, 404, """{"success":false,"error":"not found","message":"not found","code":"not_found"}"""));
}
