using System.Text;
using Atoll.Conformance.Processes;
using Atoll.Conformance.Servers;

namespace Atoll.Conformance.Crashes;

/// <summary>Requests whose answer a crash may take away.</summary>
internal sealed class CrashClient(ApiClient api, Restarts restarts)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private int _lost;

    /// <summary>How many answers crashes have taken away.</summary>
    public int Lost => _lost;

    /// <summary>Asks once; null when the answer was lost, and then only after the next start.</summary>
    public async Task<Reply?> TryAsync(HttpMethod method, string path, string? body = null, string? idempotencyKey = null)
    {
        int before = restarts.Count;
        try
        {
            using HttpRequestMessage request = api.Request(method, path);
            request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
            if (idempotencyKey is not null)
            {
                request.Headers.Add("Idempotency-Key", idempotencyKey);
            }

            using HttpResponseMessage reply = await api.Http.SendAsync(request);
            return new Reply((int)reply.StatusCode, await reply.Content.ReadAsStringAsync());
        }
        catch (Exception e) when (IsLost(e))
        {
            await LoseAsync(before);
            return null;
        }
    }

    /// <summary>Asks with one key until there is an answer: over crashes it is one operation.</summary>
    public async Task<Reply> AskAsync(HttpMethod method, string path, string? body = null)
    {
        string key = Guid.NewGuid().ToString();
        while (true)
        {
            if (await TryAsync(method, path, body, method == HttpMethod.Get ? null : key) is { } reply)
            {
                return reply;
            }
        }
    }

    /// <summary>The output of a command that must succeed; null when its end was lost.</summary>
    public async Task<string?> RunAsync(string id, string command)
    {
        int before = restarts.Count;
        ExecOutcome outcome;
        try
        {
            outcome = await new Box(api, id, new Reply(200, "{}")).ExecAsync(command);
        }
        catch (Exception e) when (IsLost(e))
        {
            await LoseAsync(before);
            return null;
        }

        return outcome.ExitCode == 0 ? outcome.Output : throw new CrashException($"'{command}' in {id} ended with {outcome.ExitCode}: {outcome.Error}");
    }

    public Task<Reply> UntilAsync(string id, params string[] statuses) => api.UntilAsync(id, Patience, statuses);

    /// <summary>Deletes a sandbox and waits until it is gone, over any number of crashes.</summary>
    public async Task DeleteAsync(string id)
    {
        Reply reply = await AskAsync(HttpMethod.Delete, $"/v1/sandboxes/{id}?force=true");
        if (reply.Status is not (202 or 204 or 404))
        {
            throw new CrashException($"delete of {id}: {reply.Status} {reply.Text}");
        }

        while ((await AskAsync(HttpMethod.Get, $"/v1/sandboxes/{id}")).Status != 404)
        {
            await Task.Delay(20);
        }
    }

    // A connection that breaks, or a stream that ends before its end.
    private static bool IsLost(Exception e) => e is HttpRequestException or IOException;

    private async Task LoseAsync(int before)
    {
        Interlocked.Increment(ref _lost);
        await restarts.AfterAsync(before);
    }
}

/// <summary>What the server did that it must not do.</summary>
internal sealed class CrashException(string message) : Exception(message);
