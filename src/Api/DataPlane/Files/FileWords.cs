using Atoll.Api.DataPlane.Connect;
using Atoll.Domain;

namespace Atoll.Api.DataPlane.Files;

/// <summary>Says what failed about a path in the words that clients look for (contracts/scalebox.md 3.5).</summary>
internal static class FileWords
{
    /// <summary>Does something with a path, and renders its faults.</summary>
    public static async Task<T> AboutAsync<T>(string path, Task<T> act)
    {
        try
        {
            return await act;
        }
        catch (FaultException e) when (Translate(path, e) is { } said)
        {
            throw said;
        }
    }

    /// <summary>Null for a fault that keeps its own words.</summary>
    public static ConnectException? Translate(string path, FaultException e) => e.Fault.Code switch
    {
        FaultCode.NotFound => new ConnectException(ConnectCode.NotFound, $"path not found: stat {path}: no such file or directory", e),
        FaultCode.NotADirectory => new ConnectException(ConnectCode.InvalidArgument, $"path is not a directory: {path}", e),
        FaultCode.IsADirectory => new ConnectException(ConnectCode.InvalidArgument, $"path is a directory: {path}", e),
        _ => null,
    };

    public static ConnectException DirectoryExists(string path, Exception cause) =>
        new(ConnectCode.AlreadyExists, $"directory already exists: {path}", cause);

    public static ConnectException NoDirectoryThere(string path, Exception cause) =>
        new(ConnectCode.InvalidArgument, $"path already exists but it is not a directory: {path}", cause);
}
