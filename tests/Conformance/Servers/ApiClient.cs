using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Atoll.Conformance.Servers;

/// <summary>A reply, read whole.</summary>
internal sealed record Reply(int Status, string Text)
{
    public JsonElement Json => JsonDocument.Parse(Text).RootElement;

    public JsonElement Data => Json.GetProperty("data");

    public string String(string name) => Data.GetProperty(name).GetString()!;

    /// <summary>Asserts the error body that all of the field's clients can read.</summary>
    public void IsError(int status, string code, string? field = null)
    {
        Assert.True(status == Status, $"{Status} instead of {status}: {Text}");
        Assert.False(Json.GetProperty("success").GetBoolean());
        Assert.True(code == Json.GetProperty("code").GetString(), $"not {code}: {Text}");
        Assert.Equal(Json.GetProperty("error").GetString(), Json.GetProperty("message").GetString());
        Assert.EndsWith("Z", Json.GetProperty("timestamp").GetString());
        if (field is not null)
        {
            Assert.Equal(field, Json.GetProperty("field").GetString());
        }
    }
}

/// <summary>The ScaleBox API as bare HTTP, with one user's key.</summary>
internal sealed class ApiClient(Uri url, string key) : IDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = url, Timeout = TimeSpan.FromSeconds(100) };

    public string Key => key;

    public HttpClient Http => _http;

    public ApiClient As(string otherKey) => new(url, otherKey);

    public Task<Reply> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    public Task<Reply> PostAsync(string path, string? body = null) => SendAsync(HttpMethod.Post, path, body);

    public async Task<Reply> SendAsync(HttpMethod method, string path, string? body = null)
    {
        using HttpRequestMessage request = Request(method, path);
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        using HttpResponseMessage reply = await _http.SendAsync(request);
        return new Reply((int)reply.StatusCode, await reply.Content.ReadAsStringAsync());
    }

    public HttpRequestMessage Request(HttpMethod method, string path)
    {
        var request = new HttpRequestMessage(method, path);
        if (key.Length > 0)
        {
            request.Headers.Add("X-API-Key", key);
        }

        return request;
    }

    /// <summary>A running sandbox; the test deletes it by disposing of it.</summary>
    public async Task<Box> CreateAsync(string body = "{}")
    {
        Reply reply = await PostAsync("/v1/sandboxes", body);
        Assert.True(reply.Status == 201, $"create: {reply.Status} {reply.Text}");
        return new Box(this, reply.String("sandbox_id"), reply);
    }

    /// <summary>Waits until the sandbox has one of the statuses.</summary>
    public async Task<Reply> UntilAsync(string id, TimeSpan limit, params string[] statuses)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            Reply reply = await GetAsync($"/v1/sandboxes/{id}");
            if (reply.Status == 200 && statuses.Contains(reply.String("status")))
            {
                return reply;
            }

            Assert.True(watch.Elapsed < limit, $"{id} is not {string.Join(" or ", statuses)} after {limit}: {reply.Text}");
            await Task.Delay(50);
        }
    }

    public async Task UntilGoneAsync(string id, TimeSpan limit)
    {
        var watch = Stopwatch.StartNew();
        while ((await GetAsync($"/v1/sandboxes/{id}")).Status != 404)
        {
            Assert.True(watch.Elapsed < limit, $"{id} is still there {limit} after its deletion");
            await Task.Delay(50);
        }
    }

    /// <summary>Deletes every sandbox of the user and waits until they are gone.</summary>
    public async Task DeleteAllAsync()
    {
        string[] ids = [.. (await GetAsync("/v1/sandboxes?limit=500")).Data.GetProperty("sandboxes").EnumerateArray()
            .Select(sandbox => sandbox.GetProperty("sandbox_id").GetString()!)];
        foreach (string id in ids)
        {
            await SendAsync(HttpMethod.Delete, $"/v1/sandboxes/{id}?force=true");
        }

        foreach (string id in ids)
        {
            await UntilGoneAsync(id, TimeSpan.FromSeconds(30));
        }
    }

    public void Dispose() => _http.Dispose();
}

/// <summary>A sandbox of a test, deleted at its end whatever the outcome.</summary>
internal sealed class Box(ApiClient api, string id, Reply created) : IAsyncDisposable
{
    public string Id => id;

    public string Path => $"/v1/sandboxes/{id}";

    public Reply Created => created;

    public ApiClient Api => api;

    public async ValueTask DisposeAsync() => await api.SendAsync(HttpMethod.Delete, $"{Path}?force=true");
}
