using System.Net.Http.Json;
using System.Text.Json;
using Atoll.Domain.Files;
using Xunit;

namespace Atoll.Unit.Api;

/// <summary>Files of a sandbox through the control plane.</summary>
public sealed class ScaleBoxFilesTests(SimulatedServer server) : IClassFixture<SimulatedServer>
{
    [Fact]
    public async Task A_file_goes_in_is_listed_and_comes_out()
    {
        RunningBox box = await server.CreateAsync();
        var form = new MultipartFormDataContent
        {
            { new StringContent("/home/user/d/a.txt"), "path" },
            { new StringContent("user"), "user" },
            { new StringContent("hello"), "file", "a.txt" },
        };
        Reply uploaded = await SendAsync(box, HttpMethod.Post, "/files/upload", form);
        Assert.Equal("/home/user/d/a.txt", uploaded.Data.GetProperty("path").GetString());
        Assert.Equal("hello", (await SendAsync(box, HttpMethod.Get, "/files/download/home/user/d/a.txt")).Text);

        Reply list = await SendAsync(box, HttpMethod.Post, "/files/list", JsonContent.Create(new { path = "/home/user", depth = 2 }));
        Assert.True(list.Json.GetProperty("success").GetBoolean());
        Assert.Equal(
            ["d FILE_TYPE_DIRECTORY drwxr-xr-x user", "a.txt FILE_TYPE_FILE -rw-r--r-- user"],
            list.Data.GetProperty("entries").EnumerateArray().Select(
                entry => string.Join(' ', new[] { "name", "type", "permissions", "owner" }.Select(name => entry.GetProperty(name).GetString()))));
        Assert.Single((await SendAsync(box, HttpMethod.Post, "/files/list", JsonContent.Create(new { path = "~", depth = 0, user = "user" }))).Data.GetProperty("entries").EnumerateArray());

        JsonElement entry = (await SendAsync(box, HttpMethod.Post, "/files/stat", JsonContent.Create(new { path = "d/a.txt", user = "user" }))).Data.GetProperty("entry");
        Assert.Equal(("/home/user/d/a.txt", 5), (entry.GetProperty("path").GetString(), entry.GetProperty("size").GetInt32()));
    }

    [Fact]
    public async Task A_huge_directory_is_listed_whole()
    {
        RunningBox box = await server.CreateAsync();
        ISandboxFiles files = server.Node.Agent(box.Id).Files;
        for (int i = 0; i < 5000; i++)
        {
            await files.MakeDirectoryAsync(new FilePath($"/tmp/{i}"), default);
        }

        Reply list = await SendAsync(box, HttpMethod.Post, "/files/list", JsonContent.Create(new { path = "/tmp" }));
        Assert.Equal(5000, list.Data.GetProperty("entries").GetArrayLength());
    }

    [Theory]
    [InlineData("/files/stat", "{\"path\":\"/none\"}", 404, "not_found")]
    [InlineData("/files/list", "{\"path\":\"/none\"}", 404, "not_found")]
    [InlineData("/files/list", "{}", 400, "invalid_argument")]
    [InlineData("/files/list", "{\"path\":\"/tmp\",\"depth\":-1}", 400, "invalid_argument")]
    [InlineData("/files/upload", "{}", 400, "invalid_argument")]
    public async Task What_is_wrong_is_said_in_the_dialects_words(string path, string body, int status, string code)
    {
        RunningBox box = await server.CreateAsync();
        Reply reply = await SendAsync(box, HttpMethod.Post, path, new StringContent(body));
        Assert.Equal((status, code), (reply.Status, reply.Json.GetProperty("code").GetString()));
    }

    [Fact]
    public async Task Nobody_reaches_the_files_of_another_or_with_the_sandboxs_token_alone()
    {
        RunningBox box = await server.CreateAsync();
        foreach ((HttpMethod method, string path) in new[]
        {
            (HttpMethod.Post, "/files/list"), (HttpMethod.Post, "/files/stat"), (HttpMethod.Get, "/files/download/etc"), (HttpMethod.Post, "/files/upload"),
        })
        {
            Assert.Equal(401, (await SendAsync(box, method, path, key: box.Token)).Status);
            Assert.Equal(404, (await SendAsync(box with { Name = "sbx-01m80gvzvsqkbpbd0j10j0zwd4" }, method, path)).Status);
        }
    }

    [Fact]
    public async Task A_named_upload_can_be_followed_to_its_end()
    {
        RunningBox box = await server.CreateAsync();
        Task<Reply> following = SendAsync(box, HttpMethod.Get, $"/files/upload-progress?session=s1&token={box.Token}", key: null);
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/sandboxes/{box.Name}/files/upload?path=/tmp/f")
        {
            Content = new MultipartFormDataContent { { new ByteArrayContent(new byte[1_000_000]), "file", "f" } },
        };
        request.Headers.Add("X-API-Key", server.Key);
        request.Headers.Add("X-Upload-Session", "s1");
        request.Headers.Add("X-File-Size", "1000000");
        Assert.Equal(200, (int)(await server.Client.SendAsync(request)).StatusCode);

        Reply followed = await following;
        Assert.Equal("text/event-stream", followed.Message.Content.Headers.ContentType?.MediaType);
        Assert.EndsWith("data: {\"progress\":100}\n\n", followed.Text);
    }

    private async Task<Reply> SendAsync(RunningBox box, HttpMethod method, string path, HttpContent? content = null, string? key = "")
    {
        using var request = new HttpRequestMessage(method, $"/v1/sandboxes/{box.Name}{path}") { Content = content };
        if (key is not null)
        {
            request.Headers.Add("X-API-Key", key.Length == 0 ? server.Key : key);
        }

        return await Reply.OfAsync(await server.Client.SendAsync(request));
    }
}
