using System.Collections.Concurrent;
using Atoll.Control.Stores;
using Atoll.Domain.Tenancy;

namespace Atoll.Control.Tenancy;

/// <summary>
/// Users and names of projects, remembered within bounds: for so long another process's change to the store may go
/// unnoticed; changes made here count at once.
/// </summary>
internal sealed class Tenants(UserStore users, ProjectStore projects, TimeProvider time) : ITenants
{
    private const int MaxRemembered = 10_000;
    private readonly ConcurrentDictionary<string, Memory> _memory = new();

    public User? User(UserId id) => (User?)Recall(id.Value, () => users.Find(id));

    public string ProjectName(ProjectId id) => (string?)Recall(id.Value, () => projects.Find(id)?.Name) ?? "default";

    public void Forget() => _memory.Clear();

    private object? Recall(string id, Func<object?> read)
    {
        if (_memory.TryGetValue(id, out Memory? known) && time.GetElapsedTime(known.ReadAt) < ApiKeys.MaxRecognitionAge)
        {
            return known.Value;
        }

        long readAt = time.GetTimestamp();
        object? value = read();
        if (_memory.Count >= MaxRemembered)
        {
            _memory.Clear();
        }

        // What was read before a change and put here after it is out of date for as long as another process's.
        _memory[id] = new Memory(value, readAt);
        return value;
    }

    private sealed record Memory(object? Value, long ReadAt);
}
