using Atoll.Api.DataPlane.Connect;
using Atoll.Api.DataPlane.Messages;
using Atoll.Domain;
using Atoll.Domain.Files;

namespace Atoll.Api.DataPlane.Files;

/// <summary>
/// A sandbox's directory tree: filesystem.Filesystem (contracts/e2b.md 2.4) and sandboxagent.Filesystem
/// (contracts/scalebox.md 3.6).
/// </summary>
internal sealed class FilesystemService(Watchers watchers) : IConnectService
{
    /// <summary>Bytes of a list; what is longer is asked for in parts.</summary>
    private const int LongestList = 32 * 1024 * 1024;

    public void Map(ConnectRoutes routes)
    {
        MapAs(routes.Service("filesystem.Filesystem", DataPlaneDialect.E2b));
        MapAs(routes.Service("sandboxagent.Filesystem", DataPlaneDialect.ScaleBox));
    }

    private void MapAs(ConnectServiceRoutes service) => new WatchService(watchers).MapAs(service
        .Unary<StatRequest, EntryResponse>("Stat", StatAsync)
        .Unary<MakeDirRequest, EntryResponse>("MakeDir", MakeDirAsync)
        .Unary<MoveRequest, EntryResponse>("Move", MoveAsync)
        .Unary<ListDirRequest, ListDirResponse>("ListDir", ListDirAsync)
        .Unary<RemoveRequest, RemoveResponse>("Remove", RemoveAsync));

    private static async Task<EntryResponse> StatAsync(ConnectCall call, StatRequest request) =>
        Entry(call, await FileWords.AboutAsync(request.Path, call.Agent.Files.StatAsync(At(call, request.Path), call.Cancellation)));

    private static async Task<EntryResponse> MakeDirAsync(ConnectCall call, MakeDirRequest request)
    {
        FilePath path = At(call, request.Path);
        try
        {
            return Entry(call, await FileWords.AboutAsync(request.Path, call.Agent.Files.MakeDirectoryAsync(path, call.Cancellation)));
        }
        catch (FaultException e) when (e.Fault.Code is FaultCode.AlreadyExists)
        {
            FileEntry there = await FileWords.AboutAsync(request.Path, call.Agent.Files.StatAsync(path, call.Cancellation));
            throw there.Kind is FileKind.File or FileKind.Other
                ? FileWords.NoDirectoryThere(request.Path, e)
                : FileWords.DirectoryExists(request.Path, e);
        }
    }

    private static async Task<EntryResponse> MoveAsync(ConnectCall call, MoveRequest request) => Entry(
        call,
        await FileWords.AboutAsync(
            request.Source,
            call.Agent.Files.MoveAsync(At(call, request.Source), At(call, request.Destination), call.Cancellation)));

    private static async Task<ListDirResponse> ListDirAsync(ConnectCall call, ListDirRequest request)
    {
        int depth = (int)Math.Clamp(request.Depth, 1, int.MaxValue);
        var response = new ListDirResponse();
        MessageMemory.Place place = call.TakeMemory();
        long size = 0;
        IAsyncEnumerable<FileEntry> entries = call.Agent.Files.ListAsync(At(call, request.Path), depth, call.Cancellation);
        await foreach (FileEntry entry in entries.Saying(fault => FileWords.Translate(request.Path, fault)))
        {
            EntryInfo info = FileEntries.Of(entry, call.Dialect);
            size += info.CalculateSize();
            if (size > LongestList)
            {
                throw new ConnectException(ConnectCode.ResourceExhausted, $"the list is longer than {LongestList} bytes: ask for less depth");
            }

            place.Resize(size);
            response.Entries.Add(info);
        }

        return response;
    }

    private static async Task<RemoveResponse> RemoveAsync(ConnectCall call, RemoveRequest request)
    {
        await call.Agent.Files.RemoveAsync(At(call, request.Path), call.Cancellation);
        return new RemoveResponse();
    }

    private static EntryResponse Entry(ConnectCall call, FileEntry entry) => new() { Entry = FileEntries.Of(entry, call.Dialect) };

    private static FilePath At(ConnectCall call, string path) => new(path, call.User);
}
