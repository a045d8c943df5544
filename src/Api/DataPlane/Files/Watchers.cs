using Atoll.Api.DataPlane.Connect;
using Atoll.Api.DataPlane.Messages;
using Atoll.Domain.Files;
using Atoll.Domain.Sandboxes;

namespace Atoll.Api.DataPlane.Files;

/// <summary>
/// The watchers that clients made and ask for events, each known to its own sandbox only. One that nobody asks for some
/// minutes is dropped, so that clients who never remove theirs leave nothing behind.
/// </summary>
internal sealed class Watchers(TimeProvider time) : IAsyncDisposable
{
    public const int MostPerSandbox = 64;
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly Lock _lock = new();
    private readonly Dictionary<(SandboxId Sandbox, string Id), (Watcher? Watcher, ITimer Idle)> _all = [];

    /// <returns>The watcher's id.</returns>
    public async Task<string> CreateAsync(
        SandboxId sandbox, Func<CancellationToken, IAsyncEnumerable<FileEvent>> watch, Func<FileEvent.Changed, FilesystemEvent> render,
        CancellationToken cancellation)
    {
        string id = Guid.NewGuid().ToString("N");
        Reserve(sandbox, id);
        Watcher? watcher = null;
        try
        {
            watcher = await Watcher.StartAsync(watch, render, cancellation);
            lock (_lock)
            {
                if (_all.TryGetValue((sandbox, id), out (Watcher? Watcher, ITimer Idle) entry))
                {
                    _all[(sandbox, id)] = entry with { Watcher = watcher };
                    watcher = null;
                }
            }

            return id;
        }
        catch
        {
            await RemoveAsync(sandbox, id);
            throw;
        }
        finally
        {
            // The server stopped meanwhile.
            if (watcher is not null)
            {
                await watcher.DisposeAsync();
            }
        }
    }

    /// <summary>What happened since this was last asked.</summary>
    /// <exception cref="ConnectException"><see cref="ConnectCode.NotFound"/> when the sandbox has no such watcher.</exception>
    public IReadOnlyList<FilesystemEvent> Take(SandboxId sandbox, string id)
    {
        Watcher? watcher;
        lock (_lock)
        {
            (watcher, ITimer? idle) = _all.GetValueOrDefault((sandbox, id));
            idle?.Change(Patience, Timeout.InfiniteTimeSpan);
        }

        return (watcher ?? throw new ConnectException(ConnectCode.NotFound, $"watcher with id {id} not found")).Take();
    }

    /// <summary>One that is not there is removed already.</summary>
    public async Task RemoveAsync(SandboxId sandbox, string id)
    {
        (Watcher? Watcher, ITimer Idle) entry;
        lock (_lock)
        {
            if (!_all.Remove((sandbox, id), out entry))
            {
                return;
            }
        }

        await entry.Idle.DisposeAsync();
        if (entry.Watcher is not null)
        {
            await entry.Watcher.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        (SandboxId Sandbox, string Id)[] left;
        lock (_lock)
        {
            left = [.. _all.Keys];
        }

        foreach ((SandboxId sandbox, string id) in left)
        {
            await RemoveAsync(sandbox, id);
        }
    }

    private void Reserve(SandboxId sandbox, string id)
    {
        lock (_lock)
        {
            if (_all.Keys.Count(key => key.Sandbox == sandbox) >= MostPerSandbox)
            {
                throw new ConnectException(ConnectCode.ResourceExhausted, $"the sandbox has {MostPerSandbox} watchers already: remove some");
            }

            _all[(sandbox, id)] = (null, time.CreateTimer(_ => _ = RemoveAsync(sandbox, id), null, Patience, Timeout.InfiniteTimeSpan));
        }
    }
}
