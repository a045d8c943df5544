using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Atoll.Control.Stores;

/// <summary>Says why a database cannot be used, and what to do about it, in one sentence that names the file.</summary>
internal static class StoreTrouble
{
    private const int ReadOnlyFileSystem = 30, NoSpace = 28;

    public static StoreUnusableException Of(string path, SqliteException e) => e.SqliteErrorCode switch
    {
        raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB => Damaged(path, e.Message, e),
        raw.SQLITE_BUSY or raw.SQLITE_LOCKED => new(
            $"{path} cannot be opened: another program has it locked; see which with `fuser {path}`, end it, then start again", e),
        raw.SQLITE_READONLY => ReadOnly(path, e),
        raw.SQLITE_FULL => Full(path, e),
        raw.SQLITE_IOERR => new(
            $"{path} cannot be opened: the disk does not read or write ({e.Message}); see `dmesg` and `df`, mend it or make room, then start again", e),
        _ => new($"{path} cannot be opened: {e.Message}; see that it is a file of the user who runs this, in a directory that is writable", e),
    };

    public static StoreUnusableException Of(string path, Exception e) => (e.HResult & 0xFFFF) switch
    {
        ReadOnlyFileSystem => ReadOnly(path, e),
        NoSpace => Full(path, e),
        _ => new($"{path} cannot be opened: {e.Message}; see that its directory is there and writable for the user who runs this, or name another with --data", e),
    };

    public static StoreUnusableException Damaged(string path, string detail, Exception? inner) => new(
        $"{path} is damaged ({detail}): restore a backup, or move it away to start with an empty one; "
        + "sandboxes that it knew are then cleaned up", inner);

    private static StoreUnusableException ReadOnly(string path, Exception e) => new(
        $"{path} cannot be written to: its file system is read-only or the file is; mount it writable or name another directory with --data", e);

    private static StoreUnusableException Full(string path, Exception e) => new(
        $"{path} cannot be opened: its disk is full; remove what is not needed there, as `df` shows, then start again", e);
}
