using Atoll.Conformance.Servers;

namespace Atoll.Conformance.Crashes;

/// <summary>What a client knows of one of its sandboxes: what was answered for certain, and what a crash left in doubt.</summary>
/// <param name="Token">The content of a file that was written when it was made; a copy has its original's.</param>
internal sealed record TrackedSandbox(string Id, string Token)
{
    private List<string> _written = [];
    private List<string> _inDoubt = [];
    private bool _statusInDoubt;

    /// <summary>running or paused.</summary>
    public string Status { get; private set; } = "running";

    public string Path => $"/v1/sandboxes/{Id}";

    /// <summary>What a copy of it that is made now holds: it runs, whatever this one does.</summary>
    public TrackedSandbox Copy() => this with { Status = "running", _written = [.. _written], _inDoubt = [.. _inDoubt], _statusInDoubt = false };

    public async Task MoveAsync(CrashClient client, string verb, string wanted)
    {
        Reply? reply = await client.TryAsync(HttpMethod.Post, $"{Path}/{verb}");
        _statusInDoubt = reply is null;
        Status = reply is null || reply.Status == 200 ? wanted : throw new CrashException($"{verb} of {Id}: {reply.Status} {reply.Text}");
    }

    /// <summary>Appends a line to a file of it.</summary>
    public async Task WriteAsync(CrashClient client)
    {
        string line = Guid.NewGuid().ToString("n")[..12];
        _inDoubt.Add(line);
        if (await client.RunAsync(Id, $"echo {line} >> /lines") is not null)
        {
            _inDoubt.Remove(line);
            _written.Add(line);
        }
    }

    /// <summary>Finds it in the state that was answered, or in either where the answer was lost, with all that was written, once.</summary>
    public async Task VerifyAsync(CrashClient client)
    {
        string[] expected = _statusInDoubt ? ["running", "paused"] : [Status];
        Status = (await client.UntilAsync(Id, expected)).String("status");
        _statusInDoubt = false;
        if (Status != "running")
        {
            return;
        }

        // A command whose end was lost may still be at it, and there is one at a time.
        while ((await client.AskAsync(HttpMethod.Get, $"{Path}/exec/active")).Json.GetProperty("active").GetBoolean())
        {
            await Task.Delay(20);
        }

        string[] seen = (await client.RunAsync(Id, "cat /token /lines") ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string problem = seen.FirstOrDefault() != Token ? "another token"
            : seen.Distinct().Count() != seen.Length ? "a line twice"
            : !_written.All(seen.Contains) ? "not all lines"
            : seen.Skip(1).Except(_written).Except(_inDoubt).Any() ? "a line that nobody wrote"
            : "";
        if (problem.Length > 0)
        {
            throw new CrashException(
                $"{Id} has {problem}: {string.Join(' ', seen)}; expected {Token} {string.Join(' ', _written)}, perhaps {string.Join(' ', _inDoubt)}");
        }
    }
}
