using System.Security.Cryptography;
using System.Text;
using Atoll.Sdk;

namespace Atoll.Cli.Files;

/// <summary>
/// Brings one file of a sandbox here. What has come is kept beside the target, under a name that tells the file's version,
/// until it is whole: so a broken transfer goes on where it broke, also in a later run, and never mixes two versions.
/// </summary>
internal sealed class FileReceiver(Terminal terminal, AtollClient client, string sandboxId, bool replace)
{
    private const int BufferSize = 128 * 1024;

    /// <summary>How often in a row a transfer may break off without having brought anything.</summary>
    private const int MaxFruitless = 3;

    public async Task ReceiveAsync(string remote, string local, CancellationToken cancellation)
    {
        if (Directory.Exists(local))
        {
            throw new CliException($"'{local}' is a directory");
        }
        if (!replace && Path.Exists(local))
        {
            throw new CliException($"'{local}' is here already: --force replaces it");
        }
        string part = await FetchAsync(remote, local, cancellation).ConfigureAwait(false);
        File.Move(part, local, overwrite: replace);
    }

    /// <returns>The path of the whole content.</returns>
    private async Task<string> FetchAsync(string remote, string local, CancellationToken cancellation)
    {
        FileDownload download = await client.Files.DownloadAsync(sandboxId, remote, cancellation: cancellation).ConfigureAwait(false);
        for (int fruitless = 0; ;)
        {
            string part = PartOf(local, download.Version);
            long before = download.Version is not null && File.Exists(part) ? new FileInfo(part).Length : 0;
            if (before > download.Offset)
            {
                string version = download.Version!;
                download.Dispose();
                download = await client.Files.DownloadAsync(sandboxId, remote, before, version, cancellation).ConfigureAwait(false);
                part = PartOf(local, download.Version);
            }
            try
            {
                using (download)
                {
                    await CopyAsync(download, part, Path.GetFileName(local)).ConfigureAwait(false);
                    return part;
                }
            }
            catch (ConnectionException) when (download.Version is not null
                && (fruitless = new FileInfo(part).Length > before ? 0 : fruitless + 1) < MaxFruitless)
            {
                download = await client.Files.DownloadAsync(sandboxId, remote, cancellation: cancellation).ConfigureAwait(false);
            }
        }
    }

    private async Task CopyAsync(FileDownload download, string part, string name)
    {
        await using FileStream file = new(part, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None, bufferSize: 0, useAsync: true);
        file.SetLength(download.Offset);
        file.Position = download.Offset;
        using TransferProgress progress = new(terminal, name, download.Length, download.Offset);
        byte[] buffer = new byte[BufferSize];
        int count;
        while ((count = await download.ReadAsync(buffer).ConfigureAwait(false)) > 0)
        {
            await file.WriteAsync(buffer.AsMemory(0, count)).ConfigureAwait(false);
            progress.At(file.Position);
        }
    }

    private static string PartOf(string local, string? version)
    {
        string tag = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(version ?? "")))[..12];
        return $"{local}.{tag}.atoll-part";
    }
}
