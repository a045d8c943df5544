namespace Atoll.Control.Stores;

/// <summary>
/// A file that only takes up room. Sandboxes share the disk with the database and can fill it; then this file is
/// removed, so that what ends sandboxes, and thereby makes room, can be stored. Made again when there is room.
/// </summary>
internal sealed class Ballast(string path, long size = 64 * 1024 * 1024)
{
    /// <returns>False when there was none: no room was made.</returns>
    public bool Drop()
    {
        bool there = File.Exists(path);
        File.Delete(path);
        return there;
    }

    /// <summary>Makes the file unless it is there or less than twice its size is free.</summary>
    public void Restore()
    {
        string directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
        if (File.Exists(path) || new DriveInfo(directory).AvailableFreeSpace < 2 * size)
        {
            return;
        }

        using var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew, Access = FileAccess.Write, PreallocationSize = size,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        file.SetLength(size);
    }
}
