using System.Text.Json;
using Atoll.Conformance.Servers;

namespace Atoll.Conformance.Crashes;

/// <summary>
/// One client that works on without regard to the server's crashes, on sandboxes of its own: what makes a sandbox is
/// asked again with the same Idempotency-Key until it is answered, and whatever else was lost is looked for. After each
/// restart it looks at all of its sandboxes before it goes on.
/// </summary>
internal sealed class CrashLoad(CrashClient client, Restarts restarts, Random random)
{
    private const int MostSandboxes = 3;
    private readonly List<TrackedSandbox> _own = [];
    private int _seen;
    private volatile bool _finished;

    public int Operations { get; private set; }

    public int Looks { get; private set; }

    /// <summary>Ends <see cref="RunAsync"/> after the present operation.</summary>
    public void Finish() => _finished = true;

    public async Task RunAsync()
    {
        while (!_finished)
        {
            if (restarts.Count is var count && count != _seen)
            {
                await LookAsync();
                _seen = count;
                restarts.Looked();
            }

            Operations++;
            await StepAsync();
        }
    }

    // No crash comes in between: the next one waits until all have looked.
    private async Task LookAsync()
    {
        foreach (TrackedSandbox box in _own)
        {
            await box.VerifyAsync(client);
            Looks++;
        }
    }

    private Task StepAsync()
    {
        if (_own.Count == 0 || (_own.Count < MostSandboxes && random.Next(4) == 0))
        {
            return CreateAsync();
        }

        TrackedSandbox box = _own[random.Next(_own.Count)];
        return random.Next(100) switch
        {
            < 15 => DeleteAsync(box),
            < 30 when _own.Count < MostSandboxes => ForkAsync(box),
            < 60 when box.Status == "running" => box.MoveAsync(client, "pause", "paused"),
            _ when box.Status == "running" => box.WriteAsync(client),
            _ => box.MoveAsync(client, "resume", "running"),
        };
    }

    private async Task CreateAsync()
    {
        string mark = Mark();
        Reply reply = await client.AskAsync(
            HttpMethod.Post, "/v1/sandboxes", JsonSerializer.Serialize(new { timeout = 3600, memory_mb = 512, metadata = new { crash = mark } }));
        if (await OneOfAsync(mark, reply, reply.Status == 201 ? reply.Data : null) is not { } id)
        {
            return;
        }

        if (await client.RunAsync(id, $"echo {mark} > /token && : > /lines") is null)
        {
            await client.DeleteAsync(id);
            return;
        }

        _own.Add(new TrackedSandbox(id, mark));
    }

    private async Task ForkAsync(TrackedSandbox box)
    {
        string mark = Mark();
        // What is in doubt may be in the copy too; what is lost now may not.
        TrackedSandbox copy = box.Copy();
        Reply reply = await client.AskAsync(
            HttpMethod.Post, $"{box.Path}/fork", JsonSerializer.Serialize(new { metadata = new { crash = mark } }));
        if (await OneOfAsync(mark, reply, reply.Status == 201 ? reply.Data.GetProperty("sandboxes")[0] : null) is { } id)
        {
            _own.Add(copy with { Id = id });
        }
    }

    private async Task DeleteAsync(TrackedSandbox box)
    {
        _own.Remove(box);
        await client.DeleteAsync(box.Id);
    }

    /// <summary>
    /// The id of the sandbox that an operation was answered to have made; null when it made none that runs. Whatever else
    /// has its mark was broken off by a crash and has failed; that is removed.
    /// </summary>
    private async Task<string?> OneOfAsync(string mark, Reply reply, JsonElement? answered)
    {
        (string Id, string Status)[] made = [.. (await client.AskAsync(HttpMethod.Get, $"/v1/sandboxes?limit=100&metadata=crash%3D{mark}")).Data
            .GetProperty("sandboxes").EnumerateArray()
            .Select(box => (box.GetProperty("sandbox_id").GetString()!, box.GetProperty("status").GetString()!))];
        if (reply.Status is not (201 or 500 or 503))
        {
            throw new CrashException($"neither made nor broken off by a crash: {reply.Status} {reply.Text}");
        }

        string? answeredId = answered is { } box && box.GetProperty("status").GetString() == "running" ? box.GetProperty("sandbox_id").GetString() : null;
        foreach ((string id, string status) in made.Where(box => box.Id != answeredId))
        {
            if (status is not ("failed" or "terminating" or "terminated"))
            {
                throw new CrashException($"{id} is {status} beside what was answered: {reply.Status} {reply.Text}");
            }

            await client.DeleteAsync(id);
        }

        return answeredId is null || made.Any(box => box.Id == answeredId)
            ? answeredId
            : throw new CrashException($"{answeredId} was answered and is nowhere");
    }

    private static string Mark() => Guid.NewGuid().ToString("n");
}
