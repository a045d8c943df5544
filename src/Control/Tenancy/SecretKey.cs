using System.Security.Cryptography;
using System.Text;

namespace Atoll.Control.Tenancy;

/// <summary>
/// The installation's 32 random bytes, from which all secrets of sandboxes are derived: a file of mode 0600, made at
/// first start.
/// </summary>
internal sealed class SecretKey
{
    private const int Length = 32;
    private readonly byte[] _key;

    private SecretKey(byte[] key) => _key = key;

    public static SecretKey Open(string path)
    {
        if (!File.Exists(path))
        {
            Make(path);
        }

        byte[] key = File.ReadAllBytes(path);
        return key.Length == Length
            ? new SecretKey(key)
            : throw new InvalidDataException(
                $"{path} holds {key.Length} bytes instead of {Length}: restore it from a backup, or remove it to have a new one "
                + "made (sandboxes that run now are then lost)");
    }

    /// <summary>32 bytes for one purpose and one subject.</summary>
    public byte[] Derive(string label, string subject) => HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes($"{label}:{subject}"));

    // A link never replaces: of two processes that start at the same time the first one's key stays.
    private static void Make(string path)
    {
        string directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        string half = Path.Combine(directory, $".{Path.GetFileName(path)}.{Guid.NewGuid():n}");
        try
        {
            using (var file = new FileStream(half, new FileStreamOptions
            {
                Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            }))
            {
                file.Write(RandomNumberGenerator.GetBytes(Length));
                file.Flush(flushToDisk: true);
            }

            File.Move(half, path, overwrite: false);
        }
        catch (IOException) when (File.Exists(path))
        {
        }
        finally
        {
            File.Delete(half);
        }
    }
}
