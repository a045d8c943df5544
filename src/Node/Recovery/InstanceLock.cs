namespace Atoll.Node.Recovery;

/// <summary>
/// Keeps two servers from running as the same instance: they would take each other's sandboxes for leftovers. Held
/// until the process ends, however it ends.
/// </summary>
internal sealed class InstanceLock : IDisposable
{
    private readonly FileStream _file;

    private InstanceLock(FileStream file) => _file = file;

    /// <exception cref="IOException">Another process holds it; the message says what to do.</exception>
    public static InstanceLock Take(string runDirectory)
    {
        Directory.CreateDirectory(runDirectory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        string path = Path.Combine(runDirectory, "lock");
        try
        {
            // FileShare.None is flock(LOCK_EX | LOCK_NB).
            return new InstanceLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException e)
        {
            throw new IOException(
                $"another Atoll server runs on this machine as this instance ({path} is locked); stop it, or give this one another --instance, --data, --network-pool and --interface-prefix",
                e);
        }
    }

    public void Dispose() => _file.Dispose();
}
