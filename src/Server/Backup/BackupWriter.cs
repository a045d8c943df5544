using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text.Json;
using Atoll.Control.Recovery;

namespace Atoll.Server.Backup;

/// <summary>
/// Writes a backup of a data directory, also while a server uses it: the database as it is at one moment, the secret key, the
/// certificate authority, and when asked the images of paused sandboxes and snapshots. The file appears whole or not at all.
/// </summary>
/// <param name="progress">Is told of each file as it is begun.</param>
internal sealed class BackupWriter(string dataDirectory, TimeProvider time, Action<string, long> progress)
{
    public const string ImagesDirectory = "images";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Besides the database; those that are not there are left out.</summary>
    private static readonly string[] Secrets = [StoreBackup.KeyName, "ca.key.pem"];

    public async Task<BackupManifest> WriteAsync(string file, bool images, CancellationToken cancellation)
    {
        string half = $"{file}.{Guid.NewGuid():n}.half", copy = $"{file}.{Guid.NewGuid():n}.db";
        try
        {
            progress(StoreBackup.DatabaseName, 0);
            int schema = StoreBackup.Copy(dataDirectory, copy);
            var files = new Dictionary<string, BackupFile>();
            BackupManifest manifest;
            await using (var stream = new FileStream(half, new FileStreamOptions
            {
                Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly, Options = FileOptions.Asynchronous,
            }))
            {
                await using (var tar = new TarWriter(stream, TarEntryFormat.Pax, leaveOpen: true))
                {
                    await AddAsync(tar, StoreBackup.DatabaseName, copy, files, cancellation);
                    foreach (string name in Secrets.Where(name => File.Exists(Path.Combine(dataDirectory, name))))
                    {
                        await AddAsync(tar, name, Path.Combine(dataDirectory, name), files, cancellation);
                    }

                    if (images)
                    {
                        await AddImagesAsync(tar, files, cancellation);
                    }

                    manifest = new BackupManifest(BackupManifest.Current, schema, time.GetUtcNow().UtcDateTime, images, files);
                    using var json = new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(manifest, BackupJson.Default.BackupManifest));
                    await tar.WriteEntryAsync(Entry(BackupManifest.Name, json), cancellation);
                }

                stream.Flush(flushToDisk: true);
            }

            File.Move(half, file, overwrite: true);
            return manifest;
        }
        finally
        {
            File.Delete(half);
            File.Delete(copy);
        }
    }

    /// <summary>Images never change. One that is removed meanwhile is left out.</summary>
    private async Task AddImagesAsync(TarWriter tar, Dictionary<string, BackupFile> files, CancellationToken cancellation)
    {
        var root = new DirectoryInfo(Path.Combine(dataDirectory, ImagesDirectory));
        foreach (DirectoryInfo image in root.Exists ? root.EnumerateDirectories() : [])
        {
            // What is being made or removed has a name with a dot.
            if (image.Name.Contains('.'))
            {
                continue;
            }

            var added = new Dictionary<string, BackupFile>();
            try
            {
                foreach (FileInfo part in image.EnumerateFiles("*", SearchOption.AllDirectories))
                {
                    string name = Path.Combine(ImagesDirectory, image.Name, Path.GetRelativePath(image.FullName, part.FullName));
                    await AddAsync(tar, name, part.FullName, added, cancellation);
                }
            }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
            {
                continue;
            }

            foreach ((string name, BackupFile file) in added)
            {
                files[name] = file;
            }
        }
    }

    private async Task AddAsync(TarWriter tar, string name, string path, Dictionary<string, BackupFile> files, CancellationToken cancellation)
    {
        await using var content = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        progress(name, content.Length);
        using var hash = SHA256.Create();
        byte[] digest = await hash.ComputeHashAsync(content, cancellation);
        content.Position = 0;
        files[name] = new BackupFile(content.Length, Convert.ToHexStringLower(digest));
        await tar.WriteEntryAsync(Entry(name, content), cancellation);
    }

    private static PaxTarEntry Entry(string name, Stream content) => new(TarEntryType.RegularFile, name) { DataStream = content, Mode = OwnerOnly };
}
