using System.Buffers;
using System.Security.Cryptography;
using Atoll.Linux;
using Microsoft.Win32.SafeHandles;

namespace Atoll.Node.Images;

/// <summary>Computes and checks the digests of an image's files, a range of each processor at a time.</summary>
internal static class ImageDigests
{
    /// <summary>How much of a file has one digest.</summary>
    public const long RangeBytes = 32 << 20;

    private const int ReadBytes = 1 << 20;
    private static readonly BlockingWork s_work = new(Math.Max(2, Environment.ProcessorCount));

    /// <summary>Describes the files of a directory.</summary>
    public static async Task<IReadOnlyList<ImageFile>> ComputeAsync(string directory, CancellationToken cancellation) =>
        await Task.WhenAll(Directory.EnumerateFiles(directory).Order(StringComparer.Ordinal).Select(path => DescribeAsync(path, cancellation)));

    /// <summary>Compares a directory with what its files are said to be.</summary>
    /// <exception cref="IOException">A file is missing, or is another than it was; the message names it.</exception>
    public static async Task VerifyAsync(string directory, IReadOnlyList<ImageFile> files, CancellationToken cancellation)
    {
        foreach (ImageFile file in files)
        {
            var info = new FileInfo(Path.Combine(directory, file.Name));
            if (!info.Exists)
            {
                throw new IOException($"its file {file.Name} is missing");
            }

            if (info.Length != file.Length)
            {
                throw new IOException($"its file {file.Name} has {info.Length} bytes instead of {file.Length}");
            }
        }

        await Task.WhenAll(files.Select(async file =>
        {
            ImageFile found = await DescribeAsync(Path.Combine(directory, file.Name), cancellation);
            if (!found.Digests.SequenceEqual(file.Digests, StringComparer.Ordinal))
            {
                throw new IOException($"its file {file.Name} has changed");
            }
        }));
    }

    private static async Task<ImageFile> DescribeAsync(string path, CancellationToken cancellation)
    {
        using SafeFileHandle file = File.OpenHandle(path);
        long length = RandomAccess.GetLength(file);
        string[] digests = await Task.WhenAll(Enumerable.Range(0, (int)((length + RangeBytes - 1) / RangeBytes))
            .Select(range => s_work.RunAsync(() => Digest(file, range * RangeBytes, cancellation), cancellation)));
        return new ImageFile(Path.GetFileName(path), length, digests);
    }

    private static string Digest(SafeFileHandle file, long from, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(ReadBytes);
        try
        {
            for (long at = from; at < from + RangeBytes;)
            {
                cancellation.ThrowIfCancellationRequested();
                int count = RandomAccess.Read(file, buffer.AsSpan(0, (int)Math.Min(ReadBytes, from + RangeBytes - at)), at);
                if (count == 0)
                {
                    break;
                }

                hash.AppendData(buffer, 0, count);
                at += count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
