using System.Collections.Concurrent;
using Atoll.Domain.Sandboxes;

namespace Atoll.Api.DataPlane.Transfer;

/// <summary>
/// How far uploads are that their client gave a name, for whoever wants to watch one. A bounded number; one that ended
/// is remembered for a minute. Uploads beyond the bound are just not watched.
/// </summary>
internal sealed class UploadSessions(TimeProvider time)
{
    private const int Most = 1000;
    private const int LongestName = 128;
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(1);
    private readonly ConcurrentDictionary<(SandboxId Sandbox, string Name), UploadProgress> _sessions = new();

    /// <param name="name">What the client calls it; null when it does not want it watched.</param>
    /// <param name="size">Bytes that are to come; null when the client does not say.</param>
    public UploadProgress Begin(SandboxId sandbox, string? name, long? size)
    {
        var progress = new UploadProgress(size, time);
        DateTimeOffset now = time.GetUtcNow();
        foreach (((SandboxId, string) key, UploadProgress old) in _sessions)
        {
            if (old.EndedAt + Kept < now)
            {
                _sessions.TryRemove(key, out _);
            }
        }

        if (name is { Length: > 0 and <= LongestName } && _sessions.Count < Most)
        {
            _sessions[(sandbox, name)] = progress;
        }

        return progress;
    }

    public UploadProgress? Find(SandboxId sandbox, string name) => _sessions.GetValueOrDefault((sandbox, name));
}

/// <summary>How far one upload is.</summary>
internal sealed class UploadProgress(long? size, TimeProvider time)
{
    private const int AlmostAll = 99;
    private long _received;
    private volatile Outcome? _outcome;

    /// <summary>When it ended; null while it lasts.</summary>
    public DateTimeOffset? EndedAt => _outcome?.At;

    public bool Failed => _outcome is { Failed: true };

    /// <summary>0 to 100; 100 is told when the file is in its place, and only then.</summary>
    public int Percent => _outcome is { Failed: false } ? 100
        : size is > 0 ? (int)Math.Min(AlmostAll, Interlocked.Read(ref _received) * 100.0 / size.Value)
        : 0;

    public Stream Measure(Stream content) => new CountingStream(content, count => Interlocked.Add(ref _received, count));

    public void End(bool failed) => _outcome = new Outcome(time.GetUtcNow(), failed);

    // One object, so that who watches never sees half of it.
    private sealed record Outcome(DateTimeOffset At, bool Failed);
}
