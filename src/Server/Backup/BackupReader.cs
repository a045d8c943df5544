using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text.Json;
using Atoll.Control.Recovery;
using Atoll.Node.Recovery;

namespace Atoll.Server.Backup;

/// <summary>
/// Makes a data directory of a backup: all of it is unpacked beside its place, checked, and only then put there, the database
/// last. No server may run on the directory.
/// </summary>
/// <param name="progress">Is told of each file as it is begun.</param>
internal sealed class BackupReader(string dataDirectory, TimeProvider time, Action<string, long> progress)
{
    private const UnixFileMode DirectoryMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const int LongestManifest = 64 << 20;

    /// <returns>How many sandboxes could not go on and are failed.</returns>
    /// <exception cref="InvalidDataException">The file is no backup, not whole, or damaged.</exception>
    /// <exception cref="IOException">The directory is not empty, or a server runs on it.</exception>
    public async Task<int> RestoreAsync(string file, bool force, CancellationToken cancellation)
    {
        if (!force && Directory.Exists(dataDirectory) && Directory.EnumerateFileSystemEntries(dataDirectory).Any())
        {
            throw new IOException($"{dataDirectory} is not empty: name an empty directory with --data, or give --force to replace what is there");
        }

        Directory.CreateDirectory(dataDirectory, DirectoryMode);
        using var alone = InstanceLock.Take(dataDirectory);
        string unpacked = Path.Combine(dataDirectory, $".restore-{Guid.NewGuid():n}");
        try
        {
            Directory.CreateDirectory(unpacked, DirectoryMode);
            BackupManifest manifest = await UnpackAsync(file, unpacked, cancellation);
            StoreBackup.Check(Path.Combine(unpacked, StoreBackup.DatabaseName));
            int failed = await StoreBackup.SettleAsync(
                unpacked, image => manifest.Files.Keys.Any(name => name.StartsWith($"{BackupWriter.ImagesDirectory}/{image}/", StringComparison.Ordinal)), time);
            Place(unpacked, manifest);
            return failed;
        }
        finally
        {
            Directory.Delete(unpacked, recursive: true);
        }
    }

    private async Task<BackupManifest> UnpackAsync(string file, string to, CancellationToken cancellation)
    {
        var seen = new Dictionary<string, BackupFile>();
        BackupManifest? manifest = null;
        try
        {
            await using FileStream stream = File.OpenRead(file);
            await using var tar = new TarReader(stream);
            while (manifest is null && await tar.GetNextEntryAsync(copyData: false, cancellation) is { } entry)
            {
                if (entry.Name == BackupManifest.Name && entry.Length <= LongestManifest)
                {
                    manifest = await JsonSerializer.DeserializeAsync(entry.DataStream!, BackupJson.Default.BackupManifest, cancellation);
                }
                else
                {
                    progress(entry.Name, entry.Length);
                    seen[entry.Name] = await UnpackAsync(entry, PathOf(to, entry), cancellation);
                }
            }
        }
        catch (Exception e) when (e is JsonException or EndOfStreamException or FormatException or InvalidDataException)
        {
            throw new InvalidDataException($"{file} is damaged or no backup of Atoll ({e.Message}): take another copy", e);
        }

        if (manifest is not { Format: BackupManifest.Current })
        {
            throw new InvalidDataException($"{file} is not whole, or no backup that this version can read: take another copy");
        }

        foreach ((string name, BackupFile wanted) in manifest.Files)
        {
            if (!seen.TryGetValue(name, out BackupFile? found) || found != wanted)
            {
                throw new InvalidDataException($"{file} is damaged: {name} in it is not what was backed up; take another copy");
            }
        }

        return manifest.Files.ContainsKey(StoreBackup.DatabaseName)
            ? manifest
            : throw new InvalidDataException($"{file} holds no database: take another copy");
    }

    private static async Task<BackupFile> UnpackAsync(TarEntry entry, string path, CancellationToken cancellation)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!, DirectoryMode);
        await using var target = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        if (entry.DataStream is { } content)
        {
            await content.CopyToAsync(target, cancellation);
        }

        target.Flush(flushToDisk: true);
        target.Position = 0;
        return new BackupFile(target.Length, Convert.ToHexStringLower(await SHA256.HashDataAsync(target, cancellation)));
    }

    /// <summary>Only plain files, and only below the directory.</summary>
    private static string PathOf(string to, TarEntry entry)
    {
        string path = Path.GetFullPath(Path.Combine(to, entry.Name));
        return entry.EntryType is TarEntryType.RegularFile or TarEntryType.V7RegularFile && path.StartsWith(to + "/", StringComparison.Ordinal)
            ? path
            : throw new InvalidDataException($"the backup holds '{entry.Name}', which no backup of Atoll does: take another copy");
    }

    private void Place(string unpacked, BackupManifest manifest)
    {
        foreach (string image in manifest.Files.Keys.Where(name => name.StartsWith($"{BackupWriter.ImagesDirectory}/", StringComparison.Ordinal))
            .Select(name => name.Split('/')[1]).Distinct())
        {
            string place = Path.Combine(dataDirectory, BackupWriter.ImagesDirectory, image);
            Directory.CreateDirectory(Path.GetDirectoryName(place)!, DirectoryMode);
            if (Directory.Exists(place))
            {
                Directory.Delete(place, recursive: true);
            }

            Directory.Move(Path.Combine(unpacked, BackupWriter.ImagesDirectory, image), place);
        }

        string database = Path.Combine(dataDirectory, StoreBackup.DatabaseName);
        foreach (string companion in new[] { "-wal", "-shm" })
        {
            // What the old database had not taken over yet must not get into the new one.
            File.Delete(database + companion);
        }

        foreach (string name in manifest.Files.Keys.Where(name => !name.Contains('/')).OrderBy(name => name == StoreBackup.DatabaseName))
        {
            File.Move(Path.Combine(unpacked, name), Path.Combine(dataDirectory, name), overwrite: true);
        }
    }
}
