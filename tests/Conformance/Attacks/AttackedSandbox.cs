using System.Text;
using Atoll.Conformance.Servers;
using Xunit;

namespace Atoll.Conformance.Attacks;

/// <summary>One sandbox that the tests of a class share, and a file of the host that none of them may reach.</summary>
public sealed class AttackedSandbox(ServerFixture server) : IAsyncLifetime
{
    private Box? _box;

    internal Box Box => _box!;

    internal SandboxCalls Calls { get; private set; } = null!;

    internal HostCanary Canary { get; } = new();

    public async Task InitializeAsync()
    {
        _box = await server.Api.CreateAsync("""{"timeout":900}""");
        Calls = new SandboxCalls(server.Api, _box);
    }

    public async Task DisposeAsync()
    {
        Canary.Dispose();
        Calls?.Dispose();
        if (_box is not null)
        {
            await _box.DisposeAsync();
        }
    }
}

/// <summary>A file of the host at a path that no sandbox has. Reading, changing or removing it is what attacks are after.</summary>
internal sealed class HostCanary : IDisposable
{
    private readonly DateTime _changed;

    public HostCanary()
    {
        File.WriteAllText(FilePath, Secret);
        _changed = File.GetLastWriteTimeUtc(FilePath);
    }

    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("atoll-canary-").FullName;

    public string FilePath => Path.Combine(Directory, "canary");

    /// <summary>Not part of any path.</summary>
    public string Secret { get; } = $"the-host-{Guid.NewGuid():n}";

    /// <summary>Says what happened to the file; null when nothing did.</summary>
    public string? Harm()
    {
        string[] there = [.. System.IO.Directory.EnumerateFileSystemEntries(Directory)];
        return there is not [var only] || only != FilePath ? $"the directory of the host holds {string.Join(", ", there)}"
            : File.ReadAllText(FilePath) != Secret ? "the file of the host has other content"
            : File.GetLastWriteTimeUtc(FilePath) != _changed ? "the file of the host was written"
            : null;
    }

    public bool IsIn(Answer answer) =>
        answer.Text.Contains(Secret, StringComparison.Ordinal)
        || answer.Text.Contains(Convert.ToBase64String(Encoding.UTF8.GetBytes(Secret)), StringComparison.Ordinal)
        || answer.Headers.Values.Any(value => value.Contains(Secret, StringComparison.Ordinal));

    public void Dispose() => System.IO.Directory.Delete(Directory, recursive: true);
}
