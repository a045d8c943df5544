using Atoll.Api.DataPlane.Connect;
using Atoll.Api.DataPlane.Messages;
using Atoll.Domain.Files;

namespace Atoll.Api.DataPlane.Files;

/// <summary>Tells what happens to a directory: as a stream, and to clients who ask for it now and then.</summary>
internal sealed class WatchService(Watchers watchers)
{
    public void MapAs(ConnectServiceRoutes service) => service
        .ServerStream<WatchRequest, WatchDirResponse>(
            "WatchDir", WatchDirAsync, () => new WatchDirResponse { Keepalive = new WatchDirResponse.Types.KeepAlive() })
        .Unary<WatchRequest, CreateWatcherResponse>("CreateWatcher", CreateWatcherAsync)
        .Unary<GetWatcherEventsRequest, GetWatcherEventsResponse>("GetWatcherEvents", GetWatcherEventsAsync)
        .Unary<RemoveWatcherRequest, RemoveWatcherResponse>("RemoveWatcher", RemoveWatcherAsync);

    private static async IAsyncEnumerable<WatchDirResponse> WatchDirAsync(ConnectCall call, WatchRequest request)
    {
        await foreach (FileEvent happened in Watch(call, request, call.Cancellation))
        {
            yield return happened switch
            {
                FileEvent.Watching => new WatchDirResponse { Start = new WatchDirResponse.Types.Start() },
                FileEvent.Changed change => new WatchDirResponse { Filesystem = FileEntries.Of(change, request.IncludeEntry, call.Dialect) },
                FileEvent.Overflowed => throw Watcher.Overflow(),
                _ => throw new ArgumentOutOfRangeException(nameof(request), happened, "not a member of the closed hierarchy"),
            };
        }
    }

    private async Task<CreateWatcherResponse> CreateWatcherAsync(ConnectCall call, WatchRequest request)
    {
        string id = await watchers.CreateAsync(
            call.Sandbox,
            ended => Watch(call, request, ended),
            change => FileEntries.Of(change, request.IncludeEntry, call.Dialect),
            call.Cancellation);
        return new CreateWatcherResponse { WatcherId = id };
    }

    private Task<GetWatcherEventsResponse> GetWatcherEventsAsync(ConnectCall call, GetWatcherEventsRequest request)
    {
        var response = new GetWatcherEventsResponse();
        response.Events.AddRange(watchers.Take(call.Sandbox, request.WatcherId));
        return Task.FromResult(response);
    }

    private async Task<RemoveWatcherResponse> RemoveWatcherAsync(ConnectCall call, RemoveWatcherRequest request)
    {
        await watchers.RemoveAsync(call.Sandbox, request.WatcherId);
        return new RemoveWatcherResponse();
    }

    private static IAsyncEnumerable<FileEvent> Watch(ConnectCall call, WatchRequest request, CancellationToken cancellation) => call.Agent.Files
        .WatchAsync(new FilePath(request.Path, call.User), request.Recursive, cancellation)
        .Saying(fault => FileWords.Translate(request.Path, fault));
}
