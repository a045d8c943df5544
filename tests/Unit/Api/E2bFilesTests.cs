using System.IO.Compression;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Atoll.Api.DataPlane.Transfer;
using Atoll.Domain.Files;
using Xunit;

namespace Atoll.Unit.Api;

/// <summary>Files, environment and health by plain HTTP as E2B's clients use them.</summary>
public sealed class E2bFilesTests(SimulatedServer server) : IClassFixture<SimulatedServer>
{
    [Fact]
    public async Task What_the_client_writes_it_reads_again()
    {
        RunningBox box = await server.CreateAsync();
        var form = new MultipartFormDataContent { { new StringContent("hello"), "file", "/home/user/a.txt" } };

        Reply written = await SendAsync(box, HttpMethod.Post, "/files?path=%2Fhome%2Fuser%2Fa.txt", form);

        Assert.Equal("[{\"path\":\"/home/user/a.txt\",\"name\":\"a.txt\",\"type\":\"file\"}]", written.Text);
        Reply read = await SendAsync(box, HttpMethod.Get, "/files?path=a.txt");
        Assert.Equal((200, "hello"), (read.Status, read.Text));
        Assert.Equal("inline", read.Message.Content.Headers.ContentDisposition?.DispositionType);
        Assert.Contains("Accept-Encoding", read.Message.Headers.Vary);
        Assert.Equal("user", (await server.Node.Agent(box.Id).Files.StatAsync(new FilePath("/home/user/a.txt"), default)).Owner);
    }

    [Fact]
    public async Task Many_files_are_written_by_one_request()
    {
        RunningBox box = await server.CreateAsync();
        var form = new MultipartFormDataContent
        {
            { new StringContent("1"), "file", "/tmp/one" },
            { new StringContent("2"), "file", "relative/two" },
            { new StringContent("3"), "file", "~/three" },
        };
        Reply written = await SendAsync(box, HttpMethod.Post, "/files", form);
        Assert.Equal(["/tmp/one", "/home/user/relative/two", "/home/user/three"], written.Json.EnumerateArray().Select(entry => entry.GetProperty("path").GetString()));

        var twice = new MultipartFormDataContent { { new StringContent("1"), "file", "a" }, { new StringContent("2"), "file", "b" } };
        Reply refused = await SendAsync(box, HttpMethod.Post, "/files?path=/tmp/same", twice);
        Assert.Equal((400, 400), (refused.Status, refused.Json.GetProperty("code").GetInt32()));
    }

    [Fact]
    public async Task Bytes_and_gzipped_bytes_are_written_with_metadata_that_replaces_the_old()
    {
        RunningBox box = await server.CreateAsync();
        ISandboxFiles files = server.Node.Agent(box.Id).Files;
        var zipped = new MemoryStream();
        await using (var gzip = new GZipStream(zipped, CompressionMode.Compress, leaveOpen: true))
        {
            await gzip.WriteAsync(new byte[1_000_000]);
        }

        var content = new ByteArrayContent(zipped.ToArray());
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        content.Headers.ContentEncoding.Add("gzip");
        Reply written = await SendAsync(box, HttpMethod.Post, "/files?path=/tmp/z", content, ("X-Metadata-Origin", "ci"), ("x-metadata-b", "2"));
        Assert.Equal("ci", written.Json[0].GetProperty("metadata").GetProperty("origin").GetString());
        Assert.Equal(1_000_000, (await files.StatAsync(new FilePath("/tmp/z"), default)).Size);

        await SendAsync(box, HttpMethod.Post, "/files?path=/tmp/z", new ByteArrayContent([1]), ("X-Metadata-c", "3"));
        Assert.Equal(new Dictionary<string, string> { ["c"] = "3" }, (await files.StatAsync(new FilePath("/tmp/z"), default)).Metadata);
        Assert.Equal(400, (await SendAsync(box, HttpMethod.Post, "/files?path=/tmp/z", new ByteArrayContent([1]), ("X-Metadata-c", new string('x', 4096)))).Status);
    }

    [Theory]
    [InlineData("gzip", "not gzip at all")]
    [InlineData("br", "x")]
    public async Task A_body_that_is_not_what_its_encoding_says_leaves_the_old_file(string coding, string body)
    {
        RunningBox box = await server.CreateAsync();
        await SendAsync(box, HttpMethod.Post, "/files?path=/tmp/f", new StringContent("old"));
        var content = new StringContent(body);
        content.Headers.ContentEncoding.Add(coding);
        Assert.Equal(400, (await SendAsync(box, HttpMethod.Post, "/files?path=/tmp/f", content)).Status);
        Assert.Equal("old", (await SendAsync(box, HttpMethod.Get, "/files?path=/tmp/f")).Text);
    }

    [Fact]
    public async Task A_gzip_body_that_is_cut_short_leaves_the_old_file()
    {
        RunningBox box = await server.CreateAsync();
        await SendAsync(box, HttpMethod.Post, "/files?path=/tmp/f", new StringContent("old"));
        var zipped = new MemoryStream();
        await using (var gzip = new GZipStream(zipped, CompressionMode.Compress, leaveOpen: true))
        {
            await gzip.WriteAsync(Encoding.ASCII.GetBytes(string.Join(' ', Enumerable.Range(0, 100_000))));
        }

        var content = new ByteArrayContent(zipped.ToArray()[..^100]);
        content.Headers.ContentEncoding.Add("gzip");
        Assert.Equal(400, (await SendAsync(box, HttpMethod.Post, "/files?path=/tmp/f", content)).Status);
        Assert.Equal("old", (await SendAsync(box, HttpMethod.Get, "/files?path=/tmp/f")).Text);
    }

    [Fact]
    public async Task A_body_that_expands_beyond_the_disk_is_507()
    {
        RunningBox box = await server.CreateAsync();
        var zipped = new MemoryStream();
        await using (var gzip = new GZipStream(zipped, CompressionMode.Compress, leaveOpen: true))
        {
            await gzip.WriteAsync(new byte[80 * 1024 * 1024]);
        }

        var content = new ByteArrayContent(zipped.ToArray());
        content.Headers.ContentEncoding.Add("gzip");
        Reply reply = await SendAsync(box, HttpMethod.Post, "/files?path=/tmp/bomb", content);
        Assert.Equal((507, 507), (reply.Status, reply.Json.GetProperty("code").GetInt32()));
    }

    [Fact]
    public async Task Text_is_gzipped_when_asked_for_and_ranges_are_not()
    {
        RunningBox box = await server.CreateAsync();
        string text = string.Join('\n', Enumerable.Repeat("the same line again", 1000));
        await SendAsync(box, HttpMethod.Post, "/files?path=/tmp/t.txt", new StringContent(text));

        Reply plain = await SendAsync(box, HttpMethod.Get, "/files?path=/tmp/t.txt");
        Assert.Equal(text.Length, plain.Message.Content.Headers.ContentLength);
        Reply zipped = await SendAsync(box, HttpMethod.Get, "/files?path=/tmp/t.txt", null, ("Accept-Encoding", "gzip, deflate"));
        Assert.Equal(["gzip"], zipped.Message.Content.Headers.ContentEncoding);
        Assert.NotEqual(plain.Message.Headers.ETag, zipped.Message.Headers.ETag);
        await using var back = new GZipStream(await zipped.Message.Content.ReadAsStreamAsync(), CompressionMode.Decompress);
        Assert.Equal(text, await new StreamReader(back).ReadToEndAsync());
        Reply part = await SendAsync(box, HttpMethod.Get, "/files?path=/tmp/t.txt", null, ("Accept-Encoding", "gzip"), ("Range", "bytes=0-7"));
        Assert.Equal((206, "the same"), (part.Status, part.Text));
        Reply neither = await SendAsync(box, HttpMethod.Get, "/files?path=/tmp/t.txt", null, ("Accept-Encoding", "br, identity;q=0"));
        Assert.Equal((406, 406), (neither.Status, neither.Json.GetProperty("code").GetInt32()));
    }

    [Fact]
    public async Task An_empty_file_says_that_it_has_no_bytes()
    {
        RunningBox box = await server.CreateAsync();
        await SendAsync(box, HttpMethod.Post, "/files?path=/tmp/empty", new ByteArrayContent([]));
        Reply reply = await SendAsync(box, HttpMethod.Get, "/files?path=/tmp/empty", null, ("Accept-Encoding", "gzip, deflate"));
        Assert.Equal((200, "", 0), (reply.Status, reply.Text, reply.Message.Content.Headers.ContentLength));
    }

    [Theory]
    [InlineData("GET", "/files?path=/tmp/none", 404)]
    [InlineData("GET", "/files?path=/tmp", 400)]
    [InlineData("GET", "/files", 400)]
    [InlineData("GET", "/files?path=/tmp/x&username=nobody-here", 401)]
    [InlineData("POST", "/files", 400)]
    [InlineData("POST", "/files?path=/tmp", 400)]
    [InlineData("POST", "/init", 404)]
    [InlineData("POST", "/freeze", 404)]
    [InlineData("POST", "/upgrade", 404)]
    public async Task Errors_hold_code_and_message(string method, string path, int status)
    {
        RunningBox box = await server.CreateAsync();
        Reply reply = await SendAsync(box, new HttpMethod(method), path, method == "POST" ? new StringContent("x") : null);
        Assert.Equal((status, status), (reply.Status, reply.Json.GetProperty("code").GetInt32()));
        Assert.NotEqual("", reply.Json.GetProperty("message").GetString());
    }

    [Fact]
    public async Task Files_are_joined_and_their_parts_removed()
    {
        RunningBox box = await server.CreateAsync();
        await SendAsync(box, HttpMethod.Post, "/files?path=p1", new StringContent("one "));
        await SendAsync(box, HttpMethod.Post, "/files?path=p2", new StringContent("two"));
        Reply made = await SendAsync(box, HttpMethod.Post, "/files/compose", JsonContent.Create(new { source_paths = new[] { "p1", "~/p2" }, destination = "all" }));
        Assert.Equal("/home/user/all", made.Json.GetProperty("path").GetString());
        Assert.Equal("one two", (await SendAsync(box, HttpMethod.Get, "/files?path=all")).Text);
        Assert.Equal(404, (await SendAsync(box, HttpMethod.Get, "/files?path=p1")).Status);
        Assert.Equal(400, (await SendAsync(box, HttpMethod.Post, "/files/compose", JsonContent.Create(new { source_paths = new[] { 1 }, destination = "x" }))).Status);
        Assert.Equal(400, (await SendAsync(box, HttpMethod.Post, "/files/compose", JsonContent.Create(new { destination = "x" }))).Status);
    }

    [Fact]
    public async Task Basic_auth_and_the_query_name_the_user_and_a_signature_only_the_query()
    {
        RunningBox box = await server.CreateAsync();
        ISandboxFiles files = server.Node.Agent(box.Id).Files;
        string root = "Basic " + Convert.ToBase64String("root:"u8);
        await SendAsync(box, HttpMethod.Post, "/files?path=/tmp/basic", new StringContent("1"), ("Authorization", root));
        Assert.Equal("root", (await files.StatAsync(new FilePath("/tmp/basic"), default)).Owner);
        await SendAsync(box, HttpMethod.Post, "/files?path=/tmp/query&username=user", new StringContent("1"), ("Authorization", root));
        Assert.Equal("user", (await files.StatAsync(new FilePath("/tmp/query"), default)).Owner);
        Assert.Equal(401, (await SendAsync(box, HttpMethod.Get, "/files?path=/tmp/query", null, ("Authorization", "Basic %%%"))).Status);

        string signature = Uri.EscapeDataString(SignedUrl.Sign(box.Token, FileOperation.Write, "/tmp/signed", "", null));
        RunningBox unarmed = box with { Token = "" };
        Assert.Equal(200, (await SendAsync(unarmed, HttpMethod.Post, $"/files?path=/tmp/signed&signature={signature}", new StringContent("1"), ("Authorization", root))).Status);
        Assert.Equal("user", (await files.StatAsync(new FilePath("/tmp/signed"), default)).Owner);
        Assert.Equal(401, (await SendAsync(unarmed, HttpMethod.Post, $"/files?path=/tmp/signed&username=root&signature={signature}", new StringContent("1"))).Status);
        Assert.Equal(401, (await SendAsync(box with { Token = "wrong" }, HttpMethod.Post, $"/files?path=/tmp/signed&signature={signature}", new StringContent("1"))).Status);
    }

    [Fact]
    public async Task Health_is_204_and_the_environment_is_told()
    {
        RunningBox box = await server.CreateAsync(new { env_vars = new Dictionary<string, string> { ["A"] = "1" } });
        Assert.Equal(204, (await SendAsync(box with { Token = "" }, HttpMethod.Get, "/health")).Status);
        Assert.Equal("{\"A\":\"1\"}", (await SendAsync(box, HttpMethod.Get, "/envs")).Text);

        Reply gone = await SendAsync(box with { Id = default, Name = "01m80gvzvsqkbpbd0j10j0zwd4" }, HttpMethod.Get, "/health");
        Assert.Equal((502, 502), (gone.Status, gone.Json.GetProperty("code").GetInt32()));
        Assert.Equal("01m80gvzvsqkbpbd0j10j0zwd4", gone.Json.GetProperty("sandboxId").GetString());
    }

    [Fact]
    public async Task What_the_sandbox_uses_is_told()
    {
        RunningBox box = await server.CreateAsync(new { cpu_count = 2, memory_mb = 512 });
        Reply reply = await SendAsync(box, HttpMethod.Get, "/metrics");
        Assert.Equal(200, reply.Status);
        JsonElement told = reply.Json;
        Assert.Equal((2, 512L << 20, 512), (told.GetProperty("cpu_count").GetInt32(), told.GetProperty("mem_total").GetInt64(), told.GetProperty("mem_total_mib").GetInt32()));
        Assert.InRange(told.GetProperty("disk_used").GetInt64(), 1, told.GetProperty("disk_total").GetInt64());
        Assert.InRange(told.GetProperty("cpu_used_pct").GetDouble(), 0, 100);
        Assert.True(told.GetProperty("ts").GetInt64() > 1_700_000_000);
    }

    private async Task<Reply> SendAsync(RunningBox box, HttpMethod method, string path, HttpContent? content = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        request.Headers.Add("E2b-Sandbox-Id", box.Name.Replace("sbx-", ""));
        request.Headers.Add("E2b-Sandbox-Port", "49983");
        request.Headers.Add("X-Access-Token", box.Token);
        foreach ((string name, string value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await Reply.OfAsync(await server.Client.SendAsync(request));
    }
}
