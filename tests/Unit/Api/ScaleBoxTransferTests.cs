using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Atoll.Api.DataPlane.Transfer;
using Atoll.Domain.Files;
using Xunit;

namespace Atoll.Unit.Api;

/// <summary>Health, upload and download at a sandbox's own address as ScaleBox's clients use them.</summary>
public sealed class ScaleBoxTransferTests(SimulatedServer server) : IClassFixture<SimulatedServer>
{
    [Fact]
    public async Task What_the_js_client_uploads_is_downloaded_again()
    {
        RunningBox box = await server.CreateAsync();
        var form = new MultipartFormDataContent
        {
            { new ByteArrayContent("hello"u8.ToArray()), "file", "/home/user/deep/a b.txt" },
            { new StringContent("/home/user/deep/a b.txt"), "path" },
        };

        Reply uploaded = await server.SendAsync(box, HttpMethod.Post, "/upload", form);

        Assert.Equal(200, uploaded.Status);
        Assert.Equal("/home/user/deep/a b.txt", uploaded.Json.GetProperty("path").GetString());
        Assert.Equal(("a b.txt", "file"), (uploaded.Json.GetProperty("name").GetString(), uploaded.Json.GetProperty("type").GetString()));
        Assert.Contains("uploaded: /home/user/deep/a b.txt", uploaded.Text);
        foreach (string url in new[] { "/download/home/user/deep/a%20b.txt", "/download//home/user/deep/a%20b.txt", "/download/home%2Fuser%2Fdeep%2Fa%20b.txt" })
        {
            Reply down = await server.SendAsync(box, HttpMethod.Get, url);
            Assert.Equal((200, "hello"), (down.Status, down.Text));
            Assert.Equal("attachment; filename=\"a b.txt\"; filename*=UTF-8''a%20b.txt", down.Message.Content.Headers.ContentDisposition?.ToString());
            Assert.Equal(5, down.Message.Content.Headers.ContentLength);
        }
    }

    [Theory]
    [InlineData("bytes=0-3", "0123", "bytes 0-3/10")]
    [InlineData("bytes=4-", "456789", "bytes 4-9/10")]
    [InlineData("bytes=-2", "89", "bytes 8-9/10")]
    [InlineData("bytes=8-100", "89", "bytes 8-9/10")]
    [InlineData("bytes=-100", "0123456789", "bytes 0-9/10")]
    public async Task A_range_is_sent_alone(string range, string expected, string said)
    {
        (RunningBox box, _) = await DigitsAsync();
        Reply reply = await GetAsync(box, ("Range", range));
        Assert.Equal((206, expected), (reply.Status, reply.Text));
        Assert.Equal(said, reply.Message.Content.Headers.ContentRange?.ToString());
    }

    [Theory]
    [InlineData("bytes=10-")]
    [InlineData("bytes=99-100")]
    [InlineData("bytes=-0")]
    public async Task A_range_beyond_the_end_is_416(string range)
    {
        (RunningBox box, _) = await DigitsAsync();
        Reply reply = await GetAsync(box, ("Range", range));
        Assert.Equal(416, reply.Status);
        Assert.Equal("bytes */10", reply.Message.Content.Headers.ContentRange?.ToString());
    }

    [Theory]
    [InlineData("bytes=3-1")]
    [InlineData("bytes=0-1,4-5")]
    [InlineData("lines=0-1")]
    [InlineData("bytes=a-b")]
    public async Task A_range_that_is_none_or_several_gives_the_whole(string range)
    {
        (RunningBox box, _) = await DigitsAsync();
        Assert.Equal((200, "0123456789"), await GetAsync(box, ("Range", range)) is { } reply ? (reply.Status, reply.Text) : default);
    }

    [Fact]
    public async Task Conditions_are_held()
    {
        (RunningBox box, string tag) = await DigitsAsync();
        Assert.Equal(304, (await GetAsync(box, ("If-None-Match", tag))).Status);
        Assert.Equal(200, (await GetAsync(box, ("If-None-Match", "\"other\""))).Status);
        Assert.Equal(412, (await GetAsync(box, ("If-Match", "\"other\""))).Status);
        Assert.Equal(206, (await GetAsync(box, ("Range", "bytes=0-1"), ("If-Range", tag))).Status);
        Assert.Equal((200, "0123456789"), await GetAsync(box, ("Range", "bytes=0-1"), ("If-Range", "\"other\"")) is { } whole ? (whole.Status, whole.Text) : default);
    }

    [Fact]
    public async Task Head_tells_the_size_without_the_bytes()
    {
        (RunningBox box, string tag) = await DigitsAsync();
        Reply reply = await server.SendAsync(box, HttpMethod.Head, "/download/tmp/digits");
        Assert.Equal((200, "", 10), (reply.Status, reply.Text, reply.Message.Content.Headers.ContentLength));
        Assert.Equal(tag, reply.Message.Headers.ETag?.Tag);
    }

    [Fact]
    public async Task Every_download_is_kept_from_running_in_a_browser()
    {
        RunningBox box = await server.CreateAsync();
        await server.Node.Agent(box.Id).Files.WriteAsync(new FilePath("/tmp/e\"vil\r\n.html"), new FileWriting(), new MemoryStream("<script>"u8.ToArray()), default);
        Reply reply = await server.SendAsync(box, HttpMethod.Get, "/download/tmp/e%22vil%0D%0A.html");
        Assert.Equal(200, reply.Status);
        Assert.Equal("sandbox", reply.Message.Headers.GetValues("Content-Security-Policy").Single());
        Assert.Equal("nosniff", reply.Message.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal("attachment", reply.Message.Content.Headers.ContentDisposition?.DispositionType);
    }

    [Theory]
    [InlineData("/download/tmp/nothing", 404, "no such file or directory")]
    [InlineData("/download/tmp", 400, "is a directory")]
    [InlineData("/download/", 400, "directory")]
    [InlineData("/download/tmp/x?username=nobody-here", 400, "user")]
    [InlineData("/download/tmp/%FF%FE", 404, "no such file")]
    public async Task What_cannot_be_downloaded_is_said_with_a_message(string path, int status, string message)
    {
        RunningBox box = await server.CreateAsync();
        Reply reply = await server.SendAsync(box, HttpMethod.Get, path);
        Assert.Equal(status, reply.Status);
        Assert.Contains(message, reply.Json.GetProperty("message").GetString());
    }

    [Fact]
    public async Task A_signed_url_is_enough_and_only_for_what_it_says()
    {
        RunningBox box = await server.CreateAsync();
        RunningBox other = await server.CreateAsync();
        string later = DateTimeOffset.UtcNow.AddMinutes(5).ToUnixTimeSeconds().ToString();
        string earlier = DateTimeOffset.UtcNow.AddMinutes(-5).ToUnixTimeSeconds().ToString();
        var form = () => new MultipartFormDataContent { { new ByteArrayContent("signed"u8.ToArray()), "file", "ignored.txt" } };

        Assert.Equal(200, await SignedAsync(box, HttpMethod.Post, "/upload?path=/tmp/s&", box.Token, FileOperation.Write, "/tmp/s", "root", later, form()));
        Assert.Equal(200, await SignedAsync(box, HttpMethod.Get, "/download/tmp/s?", box.Token, FileOperation.Read, "tmp/s", "root", later));
        Assert.Equal(200, await SignedAsync(box, HttpMethod.Get, "/download/tmp/s?", box.Token, FileOperation.Read, "/tmp/s", "", null));
        Assert.Equal(200, await SignedAsync(box, HttpMethod.Get, "/download/tmp/s?username=user&", box.Token, FileOperation.Read, "/tmp/s", "user", null));
        Assert.Equal(401, await SignedAsync(box, HttpMethod.Get, "/download/tmp/s?", box.Token, FileOperation.Read, "/tmp/s", "root", earlier));
        Assert.Equal(401, await SignedAsync(box, HttpMethod.Get, "/download/tmp/t?", box.Token, FileOperation.Read, "/tmp/s", "root", null));
        Assert.Equal(401, await SignedAsync(box, HttpMethod.Get, "/download/tmp/s?", box.Token, FileOperation.Write, "/tmp/s", "root", null));
        Assert.Equal(401, await SignedAsync(box, HttpMethod.Get, "/download/tmp/s?username=user&", box.Token, FileOperation.Read, "/tmp/s", "root", null));
        Assert.Equal(401, await SignedAsync(box, HttpMethod.Get, "/download/tmp/s?", other.Token, FileOperation.Read, "/tmp/s", "root", null));
        Assert.Equal(401, await SignedAsync(box, HttpMethod.Post, "/upload?path=/tmp/s&", box.Token, FileOperation.Read, "/tmp/s", "root", null, form()));
    }

    [Theory]
    [InlineData("GET", "/download/tmp/x")]
    [InlineData("POST", "/upload")]
    [InlineData("GET", "/files?path=/tmp/x")]
    [InlineData("POST", "/files?path=/tmp/x")]
    [InlineData("POST", "/files/compose")]
    [InlineData("GET", "/envs")]
    [InlineData("GET", "/metrics")]
    public async Task Another_sandboxs_token_opens_nothing(string method, string path)
    {
        RunningBox box = await server.CreateAsync();
        RunningBox other = await server.CreateAsync();
        foreach (string token in new[] { other.Token, "", "x" })
        {
            Reply reply = await server.SendAsync(box with { Token = token }, new HttpMethod(method), path, method == "POST" ? new StringContent("x") : null);
            Assert.Equal(401, reply.Status);
            Assert.NotEqual("", reply.Json.GetProperty("message").GetString());
        }
    }

    [Fact]
    public async Task A_sandbox_that_asks_for_no_token_takes_every_request()
    {
        RunningBox box = await server.CreateAsync(new { secure = false });
        var form = new MultipartFormDataContent { { new StringContent("open"), "file", "/tmp/open" } };
        Assert.Equal(200, (await server.SendAsync(box with { Token = "" }, HttpMethod.Post, "/upload", form)).Status);
        Assert.Equal("open", (await server.SendAsync(box with { Token = "wrong" }, HttpMethod.Get, "/download/tmp/open")).Text);
    }

    [Fact]
    public async Task Health_is_ok_while_the_sandbox_runs_and_502_after()
    {
        RunningBox box = await server.CreateAsync();
        Reply up = await server.SendAsync(box with { Token = "" }, HttpMethod.Get, "/health");
        Assert.Equal((200, "OK"), (up.Status, up.Text));

        using var delete = new HttpRequestMessage(HttpMethod.Delete, $"/v1/sandboxes/{box.Name}?force=true");
        delete.Headers.Add("X-API-Key", server.Key);
        Assert.Equal(202, (int)(await server.Client.SendAsync(delete)).StatusCode);
        Reply down = await server.SendAsync(box, HttpMethod.Get, "/health");
        Assert.Equal(502, down.Status);
        Assert.NotEqual("", down.Json.GetProperty("message").GetString());
        Assert.Equal(502, (await server.SendAsync(box, HttpMethod.Get, "/download/tmp/x")).Status);
    }

    [Fact]
    public async Task The_bearer_name_and_the_query_say_whose_the_file_is()
    {
        RunningBox box = await server.CreateAsync();
        ISandboxFiles files = server.Node.Agent(box.Id).Files;
        foreach ((string query, string? bearer, string owner) in new[]
        {
            ("", null, "root"), ("", "Bearer user", "user"), ("?username=user", "Bearer root", "user"), ("", "Bearer ", "root"),
        })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/upload" + query)
            {
                Content = new MultipartFormDataContent { { new StringContent("x"), "file", $"/tmp/of-{owner}-{bearer?.Length}{query.Length}" } },
            };
            request.Headers.Add("X-Sandbox-ID", box.Name);
            request.Headers.Add("X-Access-Token", box.Token);
            request.Headers.TryAddWithoutValidation("Authorization", bearer);
            Reply reply = await Reply.OfAsync(await server.Client.SendAsync(request));
            string path = reply.Json.GetProperty("path").GetString()!;
            Assert.Equal(owner, (await files.StatAsync(new FilePath(path), default)).Owner);
        }
    }

    [Fact]
    public async Task A_field_before_the_file_or_behind_it_says_where_it_goes()
    {
        RunningBox box = await server.CreateAsync();
        foreach (string form in new[]
        {
            Part("path", "/tmp/wanted") + Part("file", "content", "short.txt"),
            Part("file", "content", "short.txt") + Part("path", "/tmp/wanted"),
            Part("other", new string('x', 100_000)) + Part("file", "content", "/tmp/wanted"),
        })
        {
            Reply reply = await server.SendAsync(box, HttpMethod.Post, "/upload", Form(form));
            Assert.Equal("/tmp/wanted", reply.Json.GetProperty("path").GetString());
            Assert.Equal("content", (await server.SendAsync(box, HttpMethod.Get, "/download/tmp/wanted")).Text);
            await server.Node.Agent(box.Id).Files.RemoveAsync(new FilePath("/tmp/wanted"), default);
        }

        Assert.Empty(await NamesAsync(box, "/tmp"));
    }

    public static TheoryData<string, string> Odd => new()
    {
        { "", "no file" },
        { Part("path", "/tmp/x"), "no file" },
        { Part("file", "1", "/tmp/x") + Part("file", "2", "/tmp/y"), "one file" },
        { Part("file", "1"), "where the file goes" },
        { "--B\r\n\r\nnameless\r\n", "Content-Disposition" },
        { "--B\r\nContent-Disposition: attachment; filename=\"/tmp/x\"\r\n\r\n1\r\n", "Content-Disposition" },
        { "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"/tmp/\u0001\"\r\n\r\n1\r\n", "" },
        { "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"/tmp/x\"\r\nX: " + new string('x', 20_000) + "\r\n\r\n1\r\n", "malformed" },
        { "--B\r\n" + string.Concat(Enumerable.Range(0, 20).Select(i => $"X-{i}: y\r\n")) + "\r\n1\r\n", "malformed" },
        { Part("path", new string('p', 9000)) + Part("file", "1", "x"), "longer" },
    };

    [Theory]
    [MemberData(nameof(Odd))]
    public async Task An_odd_form_is_400_and_leaves_nothing(string form, string message)
    {
        RunningBox box = await server.CreateAsync();
        Reply reply = await server.SendAsync(box, HttpMethod.Post, "/upload", Form(form));
        Assert.True(reply.Status == 400, $"{reply.Status}: {reply.Text}");
        Assert.Contains(message, reply.Json.GetProperty("message").GetString());
        Assert.DoesNotContain(await NamesAsync(box, "/tmp"), name => name is not ("x" or "y"));
    }

    [Theory]
    [InlineData("multipart/form-data")]
    [InlineData("multipart/form-data; boundary=\"\"")]
    [InlineData("application/json")]
    [InlineData(null)]
    public async Task A_body_that_is_no_form_is_400(string? type)
    {
        RunningBox box = await server.CreateAsync();
        var content = new StringContent("{}");
        content.Headers.ContentType = type is null ? null : MediaTypeHeaderValue.Parse(type);
        Assert.Equal(400, (await server.SendAsync(box, HttpMethod.Post, "/upload", content)).Status);
    }

    [Theory]
    [InlineData("filename=\"/tmp/plain\"", "/tmp/plain")]
    [InlineData("filename=\"/tmp/a\\\"quote\"", "/tmp/a\"quote")]
    [InlineData("filename=\"/tmp/ünï\"", "/tmp/ünï")]
    [InlineData("filename=\"x\"; filename*=UTF-8''%2Ftmp%2F%C3%BC", "/tmp/ü")]
    [InlineData("filename=\"/tmp/../tmp/./up/../dots\"", "/tmp/dots")]
    [InlineData("filename=\"/tmp/100%25\"", "/tmp/100%25")]
    public async Task A_files_name_is_taken_as_it_is_written(string parameter, string path)
    {
        RunningBox box = await server.CreateAsync();
        Reply reply = await server.SendAsync(
            box, HttpMethod.Post, "/upload", Form($"--B\r\nContent-Disposition: form-data; name=\"file\"; {parameter}\r\n\r\n1\r\n"));
        Assert.True(reply.Status == 200, reply.Text);
        Assert.Equal(path, reply.Json.GetProperty("path").GetString());
    }

    [Fact]
    public async Task A_file_name_that_is_not_utf8_is_400()
    {
        RunningBox box = await server.CreateAsync();
        byte[] body = [.. "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"/tmp/"u8, 0xff, 0xfe, .. "\"\r\n\r\n1\r\n--B--\r\n"u8];
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse("multipart/form-data; boundary=B");
        Reply reply = await server.SendAsync(box, HttpMethod.Post, "/upload", content);
        Assert.Equal(400, reply.Status);
        Assert.Empty(await NamesAsync(box, "/tmp"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_upload_that_breaks_off_leaves_the_old_file(bool clientGoesAway)
    {
        RunningBox box = await server.CreateAsync();
        ISandboxFiles files = server.Node.Agent(box.Id).Files;
        await files.WriteAsync(new FilePath("/tmp/f"), new FileWriting(), new MemoryStream("old"u8.ToArray()), default);
        string start = $"--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"/tmp/f\"\r\n\r\n{new string('n', 100_000)}";
        using var raw = new TcpClient();
        await raw.ConnectAsync(IPAddress.Loopback, server.Address.Port);
        NetworkStream stream = raw.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(
            $"POST /upload HTTP/1.1\r\nHost: x\r\nX-Sandbox-ID: {box.Name}\r\nX-Access-Token: {box.Token}\r\n"
            + $"Content-Type: multipart/form-data; boundary=B\r\nContent-Length: {start.Length + (clientGoesAway ? 10 : 0)}\r\n\r\n{start}"));
        if (clientGoesAway)
        {
            raw.Client.Close(0);
        }
        else
        {
            byte[] answer = new byte[12];
            await stream.ReadExactlyAsync(answer).AsTask().WaitAsync(TimeSpan.FromSeconds(10));
            Assert.Equal("HTTP/1.1 400", Encoding.ASCII.GetString(answer));
        }

        await using FileReading reading = await files.ReadAsync(new FilePath("/tmp/f"), 0, null, default);
        Assert.Equal("old", await new StreamReader(reading.Content).ReadToEndAsync());
        Assert.Equal(["f"], await NamesAsync(box, "/tmp"));
    }

    [Fact]
    public async Task A_full_disk_is_507()
    {
        RunningBox box = await server.CreateAsync();
        var form = new MultipartFormDataContent { { new ByteArrayContent(new byte[65 * 1024 * 1024]), "file", "/tmp/big" } };
        Reply reply = await server.SendAsync(box, HttpMethod.Post, "/upload", form);
        Assert.Equal(507, reply.Status);
        Assert.Empty(await NamesAsync(box, "/tmp"));
    }

    private async Task<(RunningBox Box, string Tag)> DigitsAsync()
    {
        RunningBox box = await server.CreateAsync();
        await server.Node.Agent(box.Id).Files.WriteAsync(new FilePath("/tmp/digits"), new FileWriting(), new MemoryStream("0123456789"u8.ToArray()), default);
        Reply reply = await server.SendAsync(box, HttpMethod.Get, "/download/tmp/digits");
        return (box, reply.Message.Headers.ETag!.Tag);
    }

    private async Task<Reply> GetAsync(RunningBox box, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/download/tmp/digits");
        request.Headers.Add("X-Sandbox-ID", box.Name);
        request.Headers.Add("X-Access-Token", box.Token);
        foreach ((string name, string value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await Reply.OfAsync(await server.Client.SendAsync(request));
    }

    private async Task<int> SignedAsync(
        RunningBox box, HttpMethod method, string url, string token, FileOperation operation, string path, string user, string? expiration, HttpContent? content = null)
    {
        string signature = Uri.EscapeDataString(SignedUrl.Sign(token, operation, path, user, expiration));
        using var request = new HttpRequestMessage(method, $"{url}signature={signature}{(expiration is null ? "" : $"&signature_expiration={expiration}")}") { Content = content };
        request.Headers.Add("X-Sandbox-ID", box.Name);
        return (int)(await server.Client.SendAsync(request)).StatusCode;
    }

    private async Task<List<string>> NamesAsync(RunningBox box, string directory)
    {
        List<string> names = [];
        await foreach (FileEntry entry in server.Node.Agent(box.Id).Files.ListAsync(new FilePath(directory), 1, default))
        {
            names.Add(entry.Name);
        }

        return names;
    }

    private static string Part(string name, string content, string? file = null) =>
        $"--B\r\nContent-Disposition: form-data; name=\"{name}\"{(file is null ? "" : $"; filename=\"{file}\"")}\r\n\r\n{content}\r\n";

    private static ByteArrayContent Form(string parts)
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(parts + "--B--\r\n"));
        content.Headers.ContentType = MediaTypeHeaderValue.Parse("multipart/form-data; boundary=B");
        return content;
    }
}
